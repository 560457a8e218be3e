"""A place's rules: which version holds, and which hours a lesson may not touch."""

from datetime import date

import pytest

from escrow.domain.policy import Policies, is_forbidden
from tests.support import tables
from tests.support.builders import a_slot, at, national


@tables.cases("""
# day         version
  2020-12-31  -
  2021-01-01  1
  2025-12-31  1
  2026-01-01  2
  2030-01-01  2
""")
def test_the_latest_version_that_has_begun_holds(row: list[str]) -> None:
    day, version = row
    other = national(9, name="city", effective_from=date(2000, 1, 1))
    second = national(2, effective_from=date(2026, 1, 1))
    policies = Policies((other, second, national(1)))
    found = policies.in_force("national", date.fromisoformat(day))
    assert str(found.version if found else "") == version


def test_a_version_is_found_by_name_and_number() -> None:
    city = national(1, name="city")
    policies = Policies((national(1), national(2), city))
    assert policies.version("city", 1) is city
    assert policies.version("national", 2).version == 2
    assert policies.in_force("moon", date(2026, 1, 1)) is None
    with pytest.raises(KeyError):
        policies.version("national", 3)


# Saturday 2026-12-05; forbidden is 20:30 to 22:00 of weekdays (5 is Saturday).
@tables.cases("""
# weekdays  taught            ended             forbidden
  5         2026-12-05 19:00  2026-12-05 20:29  no
  5         2026-12-05 19:00  2026-12-05 20:30  no
  5         2026-12-05 19:00  2026-12-05 20:31  yes
  5         2026-12-05 20:30  2026-12-05 21:00  yes
  5         2026-12-05 21:59  2026-12-05 23:00  yes
  5         2026-12-05 22:00  2026-12-05 23:00  no
  5         2026-12-05 19:00  2026-12-05 23:00  yes
  5         2026-12-05 20:29  -                 no
  5         2026-12-05 20:30  -                 yes
  5         2026-12-05 21:59  -                 yes
  5         2026-12-05 22:00  -                 no
  5         2026-12-05 21:00  2026-12-05 20:00  yes
  4         2026-12-05 21:00  2026-12-05 21:30  no
  6         2026-12-05 21:00  2026-12-06 20:00  no
  6         2026-12-05 21:00  2026-12-06 20:45  yes
  4         2026-12-05 21:00  2026-12-11 20:45  yes
  4         2026-12-05 21:00  2026-12-11 20:30  no
  4         2026-12-05 21:00  2027-12-05 20:00  yes
  5         2026-12-05 22:30  2026-12-12 20:30  no
  5         2026-12-05 22:30  2026-12-12 20:31  yes
""")
def test_a_lesson_may_not_touch_the_forbidden_hours_of_a_weekday(row: list[str]) -> None:
    weekday, taught, ended, forbidden = row
    policy = national(forbidden_slots=(a_slot("20:30", "22:00", int(weekday)),))
    found = is_forbidden(
        policy,
        category="non_subject",
        delivery="offline",
        taught_at=at(taught),
        ended_at=at(ended) if ended else None,
    )
    assert found is (forbidden == "yes")


# Forbidden are Saturday's first six hours in Shanghai, most of which are Friday's in UTC.
@tables.cases("""
# taught            ended             forbidden
  2026-12-05 00:00  -                 yes
  2026-12-05 05:59  -                 yes
  2026-12-05 06:00  -                 no
  2026-12-06 00:30  -                 no
  2026-12-04 23:00  2026-12-05 00:00  no
  2026-12-04 23:00  2026-12-05 00:01  yes
""")
def test_days_are_those_of_shanghai(row: list[str]) -> None:
    taught, ended, forbidden = row
    found = is_forbidden(
        national(forbidden_slots=(a_slot("00:00", "06:00", 5),)),
        category="non_subject",
        delivery="offline",
        taught_at=at(taught),
        ended_at=at(ended) if ended else None,
    )
    assert found is (forbidden == "yes")


@tables.cases("""
# rule's category  rule's delivery  category     delivery  forbidden
  -                -                subject      online    yes
  subject          -                subject      online    yes
  subject          -                non_subject  online    no
  -                online           subject      online    yes
  -                online           subject      offline   no
  subject          online           subject      online    yes
  subject          online           non_subject  online    no
""")
def test_a_rule_may_bind_one_category_or_delivery(row: list[str]) -> None:
    rule_category, rule_delivery, category, delivery, forbidden = row
    given = {"category": rule_category, "delivery": rule_delivery}
    slot = a_slot("00:00", "23:59", **{name: value for name, value in given.items() if value})
    found = is_forbidden(
        national(forbidden_slots=(a_slot("03:00", "03:01"), slot)),
        category=category,
        delivery=delivery,
        taught_at=at("2026-12-05 12:00"),
        ended_at=None,
    )
    assert found is (forbidden == "yes")
