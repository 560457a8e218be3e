"""The generated city: valid codes, contracts within the caps, ids never used twice."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from stdnum.cn import uscc

from sandbox.city.bells import claims
from sandbox.city.courses import AMOUNT_MAX_FEN
from sandbox.city.districts import DISTRICTS
from sandbox.city.enrolment import PUPILS, Class, Enrolling
from sandbox.city.memory import Memory, recall, remember
from sandbox.city.places import INSTITUTIONS, places
from sandbox.city.timetable import BELLS, next_saturday
from shared.time import add_months

SATURDAY = date(2026, 11, 28)


def the_classes(seed: int = 1) -> list[Class]:
    """Open the classes of a city's first Saturday."""
    return Enrolling(seed, SATURDAY).open_classes(places(seed))


def run(group: Class) -> None:
    """Let a class begin: every contract is paid."""
    for contract in group.contracts:
        contract.state = "running"


def test_every_credit_code_has_its_check_digit() -> None:
    codes = [place.id for place in places(1)]
    assert len(set(codes)) == INSTITUTIONS
    assert all(uscc.is_valid(code) for code in codes)


def test_another_seed_is_another_city() -> None:
    first, second = places(1), places(2)
    assert not {p.id for p in first} & {p.id for p in second}
    assert not {p.account_number for p in first} & {p.account_number for p in second}


def test_district_codes_have_six_digits_and_are_used() -> None:
    used = {place.district_code for place in places(1)}
    assert used == {district.code for district in DISTRICTS}
    assert all(len(code) == 6 and code.isdigit() for code in used)


def test_the_city_has_thousands_of_contracts_in_classes_of_eight_to_thirty() -> None:
    classes = the_classes()
    assert all(PUPILS[0] <= len(group.contracts) <= PUPILS[1] for group in classes)
    assert 2_000 < sum(len(group.contracts) for group in classes) < 5_000


def test_every_contract_is_within_the_national_caps() -> None:
    for group in the_classes():
        course = group.course
        assert course.lessons <= 60
        assert course.lessons <= course.paid_fen <= AMOUNT_MAX_FEN
        for contract in group.contracts:
            starts_on = date.fromisoformat(contract.starts_on)
            signed_on = datetime.fromisoformat(contract.signed_at).date()
            assert date.fromisoformat(contract.ends_on) <= add_months(starts_on, 3)
            assert add_months(starts_on, -1) <= signed_on <= starts_on < SATURDAY


def test_contract_ids_are_unique_also_over_saturdays() -> None:
    first = [c.id for group in the_classes() for c in group.contracts]
    later = Enrolling(1, SATURDAY + timedelta(days=7)).open_classes(places(1))
    second = [c.id for group in later for c in group.contracts]
    assert len({*first, *second}) == len(first) + len(second)


def test_the_same_seed_and_day_give_the_same_city() -> None:
    assert the_classes() == the_classes()


def test_school_subjects_are_not_taught_on_the_rest_day() -> None:
    group = the_classes()[0]
    run(group)
    for row, _ in claims(group, SATURDAY, BELLS[0], "subject"):
        assert datetime.fromisoformat(row["taught_at"]).date() < SATURDAY


def test_a_double_class_claims_two_lessons_of_every_pupil() -> None:
    group = next(group for group in the_classes() if group.is_double)
    run(group)
    rows = claims(group, SATURDAY, BELLS[group.bell], "non_subject")
    assert len(rows) == 2 * len(group.contracts)
    assert len({row["id"] for row, _ in rows}) == len(rows)
    assert {row["lesson_no"] for row, _ in rows} == {1, 2}


def test_the_next_saturday_is_the_first_whose_morning_is_still_to_come() -> None:
    assert next_saturday(datetime(2026, 11, 22, 0, tzinfo=UTC)) == SATURDAY
    before = datetime(2026, 11, 27, 22, 59, tzinfo=UTC)  # 06:59 in Shanghai
    assert next_saturday(before) == SATURDAY
    assert next_saturday(before + timedelta(minutes=1)) == SATURDAY + timedelta(days=7)


def test_the_memory_comes_back_as_it_was(tmp_path: Path) -> None:
    memory = Memory(seed=3, played=[SATURDAY], classes=the_classes()[:3], freeze_id="f-1")
    path = tmp_path / "memory.json"
    remember(path, memory)
    assert recall(path) == memory
    assert path.stat().st_mode & 0o777 == 0o600
    assert recall(tmp_path / "none.json") is None
