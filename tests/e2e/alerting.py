"""A district's bureau at its desk: institutions with fees in custody, cases, and what is done.

Times are the books': a story reads the same whatever clock another story left behind.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import asyncpg
import httpx
from stdnum.cn import uscc

from shared.time import business_day, rfc3339
from tests.e2e.launching import Sandbox, wait_until
from tests.e2e.parties import Json, Parties, Place, ok, post

FEE_FEN = 480_000
"""Of one contract of sixty lessons: below the cap of 5,000 yuan."""

SOON_S = 120.0
"""Longest way from an event to what alerts makes of it, on a machine that tests share."""

AHEAD_DAYS = 30
"""Longer than any run of rest days."""

SATURDAY = 5
WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DEPARTMENTS = ["示例区教育局", "示例区市场监管局", "示例区公安分局"]


@dataclass
class Bureau:
    """A district's officers, and the institutions that a story founds there."""

    sandbox: Sandbox
    district_code: str
    officer: httpx.Client = field(init=False)
    second: httpx.Client = field(init=False)
    """Another officer, with a key of their own."""
    bank: httpx.Client = field(init=False)
    schools: list[Parties] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Make the officers' keys."""
        with self.sandbox.client(self.sandbox.key("operator")) as operator:
            scope = {"role": "supervisor", "district_code": self.district_code, "label": "story"}
            keys = [ok(operator.post("/v1/keys", json=scope), 201)["key"] for _ in range(2)]
        self.officer, self.second = (self.sandbox.alerts(key) for key in keys)
        self.bank = self.sandbox.alerts(self.sandbox.key("bank"))

    def place(self, number: int, name: str, category: str = "non_subject") -> Place:
        """Return an institution of the district, made up."""
        stem = f"91{self.district_code}MAE{number:06d}"
        account = f"622202{self.district_code}{number:06d}"
        code = stem + str(uscc.calc_check_digit(stem))
        return Place(code, account, name=name, district_code=self.district_code, category=category)

    def found(self, number: int, name: str, category: str = "non_subject") -> Parties:
        """Register an institution of the district, and wait until alerts knows it."""
        school = Parties(self.sandbox, self.place(number, name, category))
        self.schools.append(school)
        self.wait_known(school.place)
        return school

    def wait_known(self, place: Place) -> None:
        """Wait until alerts heard of an institution and of its account."""
        path = f"/v1/institutions/{place.id}/dossier"
        wait_until(lambda: self.officer.get(path).status_code == httpx.codes.OK, SOON_S)

    def close(self) -> None:
        """Hang up."""
        for client in (self.officer, self.second, self.bank):
            client.close()
        for school in self.schools:
            school.close()

    def now(self) -> datetime:
        """Return the time of the books."""
        return self.sandbox.now()

    def working_day(self, after: date) -> date:
        """Return the next working day after a day, by the calendar that alerts goes by."""
        listed = asyncio.run(_calendar(self.sandbox.told["database_url"]))
        ahead = (after + timedelta(days=number) for number in range(1, AHEAD_DAYS))
        return next(day for day in ahead if listed.get(day, day.weekday() < SATURDAY))

    def cases(self, place: Place, rule: str | None = None) -> list[Json]:
        """Return an institution's cases, the newest first."""
        params: Json = {"institution_id": place.id, "limit": 100}
        items: list[Json] = ok(self.officer.get("/v1/cases", params=params))["items"]
        return [one for one in items if rule in {None, one["rule"]}]

    def wait_case(self, place: Place, rule: str, severity: str | None = None) -> Json:
        """Wait for an institution's case of a rule, as grave as asked, and return all of it."""
        found: list[Json] = []

        def is_there() -> bool:
            found[:] = [
                one for one in self.cases(place, rule) if severity in {None, one["severity"]}
            ]
            return bool(found)

        wait_until(is_there, SOON_S)
        return self.read(found[0]["id"])

    def read(self, case_id: str) -> Json:
        """Return a case with its evidence and history."""
        return ok(self.officer.get(f"/v1/cases/{case_id}"))

    def do(
        self, case_id: str, step: str, *, by: httpx.Client | None = None, **body: object
    ) -> Json:
        """Take a step of a case, which must be legal; return how it stands then."""
        answer = (by or self.officer).post(f"/v1/cases/{case_id}/{step}", json=body)
        assert answer.status_code in {200, 202}, answer.text
        stands: Json = answer.json()
        return stands

    def classify(self, case_id: str, finding: str, reason: str, skip_reason: str = "") -> Json:
        """Say what a case turned out to be."""
        words = {"class": finding, "reason": reason, "skip_reason": skip_reason}
        answer = self.officer.post(f"/v1/cases/{case_id}/classification", json=words)
        return ok(answer)

    def interview(self, case_id: str, *departments: str) -> Json:
        """Agree on an interview and hold it at once."""
        now = self.now()
        told: Json = {"at": rfc3339(now), "place": "示例区教育局二楼会议室"}
        told |= {"departments": [*departments] or DEPARTMENTS[:1]}
        self.do(case_id, "interviews", kind="scheduled", **told)
        return self.do(
            case_id,
            "interviews",
            kind="held",
            **told,
            representative="示例法定代表人",
            questions=["资金去向和用途是什么？"],
            commitments=["三日内提交凭证"],
            signed_on=str(business_day(now)),
        )


async def _calendar(owner_url: str) -> dict[date, bool]:
    connection = await asyncpg.connect(owner_url)
    try:
        rows = await connection.fetch("SELECT day, is_workday FROM alerts.workday")
    finally:
        await connection.close()
    return {row["day"]: row["is_workday"] for row in rows}


def enrol(school: Parties, pupils: int, at: datetime, lot: str = "C") -> int:
    """Let families sign and pay at a time; return what is held of it then."""
    names = [f"{lot}-{number:03d}" for number in range(pupils)]
    place = school.place
    signed = ok(
        post(
            school.billing,
            "/v1/contracts",
            {"items": [_contract(place, name, at) for name in names]},
            f"{lot}-contracts",
        )
    )
    assert signed["counts"]["accepted"] == pupils, signed
    entries = [_deposit(place, name, at) for name in names]
    taken = ok(post(school.bank, "/v1/bank/entries", {"items": entries}, f"{place.id}-{lot}"))
    assert {one.get("effect") for one in taken["items"]} == {"contract_funded"}, taken
    return pupils * FEE_FEN


def drain(
    school: Parties,
    amount_fen: int,
    at: datetime,
    name: str = "OUT-1",
    purpose: str = "投资款",
) -> None:
    """Let the bank report a withdrawal that nothing instructed."""
    entry = {
        "id": name,
        "account_number": school.place.account,
        "direction": "debit",
        "amount_fen": amount_fen,
        "booked_at": rfc3339(at),
        "value_on": str(business_day(at)),
        "counterparty_name": "示例投资有限公司",
        "counterparty_account": "6217990000000099999",
        "purpose": purpose,
    }
    key = f"{school.place.id}-{name}"
    taken = ok(post(school.bank, "/v1/bank/entries", {"items": [entry]}, key))
    assert taken["items"][0]["effect"] == "unbacked", taken


def at_last(read: Callable[[], httpx.Response]) -> Json:
    """Wait until something that is made in the background is there, and return it."""
    answers: list[httpx.Response] = []

    def is_there() -> bool:
        answers[:] = [read()]
        return answers[0].status_code == httpx.codes.OK

    wait_until(is_there, SOON_S)
    return ok(answers[0])


def _contract(place: Place, name: str, at: datetime) -> Json:
    category = place.category
    starts = business_day(at)
    return {
        "id": name,
        "institution_id": place.id,
        "student_ref": f"S-{name}",
        "guardian_ref": f"G-{name}",
        "course": {"name": "少儿编程 L2", "category": category, "delivery": "offline"},
        "lessons": 60,
        "paid_fen": FEE_FEN,
        "list_fen": 600_000,
        "signed_at": rfc3339(at),
        "starts_on": str(starts),
        "ends_on": str(starts + timedelta(days=80)),
    }


def _deposit(place: Place, name: str, at: datetime) -> Json:
    return {
        "id": f"IN-{name}",
        "account_number": place.account,
        "direction": "credit",
        "amount_fen": FEE_FEN,
        "booked_at": rfc3339(at),
        "value_on": str(business_day(at)),
        "reference": name,
        "counterparty_name": "示例家长",
        "counterparty_account": "6214880000000000077",
    }
