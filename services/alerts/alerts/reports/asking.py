"""What readers ask reports for, answered to the programs and to the pages alike."""

import json
from datetime import date, datetime
from typing import Any, NoReturn

from sqlalchemy import RowMapping

from alerts.domain.reports import hash_of
from alerts.edge import Alerts
from alerts.reports import daily, dossier, indicators, listing
from alerts.reports.daily import Span
from alerts.reports.dossier import Dossier
from alerts.reports.listing import Wanted
from alerts.reports.shapes import (
    DailyAnswer,
    DossierAnswer,
    IndicatorsAnswer,
    InterviewsAnswer,
    LedgerAnswer,
)
from alerts.reports.workbooks import ROWS_MAX
from shared.errors import FieldError, Malformed, NotKnown
from shared.pg.database import Database
from shared.time import business_day
from shared.web.paging import encode_cursor
from shared.web.principals import Principal, Role, area_covers, area_stem


def district_of(reader: Principal, asked: str | None) -> str | None:
    """Return the district a call is about, the reader's own where none is named.

    Raises:
        NotKnown: it lies outside the reader's.

    """
    code = asked or reader.district_code
    if not area_covers(reader.district_code, code):
        raise NotKnown
    return code


def one_district_of(reader: Principal, asked: str | None) -> str:
    """Return the one district a call is about.

    Raises:
        Malformed: neither the call nor the key names one.
        NotKnown: it lies outside the reader's.

    """
    code = district_of(reader, asked)
    if code is None:
        message = "Name the district: `?district_code=`."
        raise Malformed(message)
    return code


async def read_daily(
    alerts: Alerts, district_code: str, day: date, *, report_no: int | None, preview: bool
) -> DailyAnswer:
    """Return the report that covers a day, or what one of that day would say now.

    Raises:
        NotKnown: it was not made yet.

    """
    if preview:
        return await _preview(alerts.database, district_code, day)
    async with alerts.database.connect() as connection:
        found = await daily.find(connection, district_code, day, report_no)
    if found is None:
        message = (
            "There is no report of that day yet: it is made after 08:30 of the next working day."
            " `?preview=true` shows what it would say now."
        )
        raise NotKnown(message)
    return daily_of(found)


def daily_of(found: RowMapping) -> DailyAnswer:
    """Return a report as it was made, and whether it still is what was hashed."""
    body: dict[str, Any] = json.loads(found["said"])
    return DailyAnswer(
        **body,
        made_by=found["made_by"],
        hash=found["hash"],
        is_intact=hash_of(body) == found["hash"],
        signed_by=found["signed_by"],
        signed_at=found["signed_at"],
    )


async def _preview(database: Database, district_code: str, day: date) -> DailyAnswer:
    async with database.connect() as connection:
        await connection.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        if day > business_day(await daily.clock(connection)):
            _refuse("date", "in_future", "Must be today or a day before.")
        span = Span(district_code, day, day)
        return DailyAnswer(**await daily.computed(connection, span, area_stem(district_code)))


def _refuse(name: str, code: str, sentence: str) -> NoReturn:
    raise Malformed(sentence, errors=(FieldError(f"/query/{name}", code, sentence),))


async def read_dossier(
    alerts: Alerts, reader: Principal, institution_id: str, as_of: datetime | None
) -> DossierAnswer:
    """Return the dossier of an institution; what officers wrote not to operators."""
    stem = area_stem(reader.district_code)
    found = await dossier.read(alerts.database, institution_id, stem, as_of)
    return _dossier(found, with_text=reader.role is not Role.operator)


def _dossier(found: Dossier, *, with_text: bool) -> DossierAnswer:
    officer = dict(found.assessment) if found.assessment else None
    if officer and not with_text:
        officer["text"] = None
    judged = {
        "risk": found.risk,
        "found": found.found,
        "indeterminate": found.unsure,
        "officer": officer,
    }
    return DossierAnswer.model_validate(
        {
            "institution_id": found.institution_id,
            "name": found.name,
            "as_of": found.as_of,
            "figures": found.figures,
            "months": found.months,
            "balances": [{"day": day, "balance_fen": fen} for day, fen in found.balances],
            "floor_fen": found.floor_fen,
            "open_items": found.items,
            "assessment": judged,
        },
        from_attributes=True,
    )


async def read_indicators(
    alerts: Alerts, district_code: str | None, first: date | None, last: date | None
) -> IndicatorsAnswer:
    """Return indicators; of the running year where no days are named.

    Raises:
        Malformed: the days cross, or are too many.

    """
    async with alerts.database.connect() as connection:
        today = business_day(await daily.clock(connection))
    until = last or today
    since = first or until.replace(month=1, day=1)
    if since > until:
        _refuse("from", "dates_cross", "`from` must be `to` or a day before it.")
    if (until - since).days >= indicators.SPAN_DAYS_MAX:
        sentence = f"At most {indicators.SPAN_DAYS_MAX} days fit in one report: narrow it down."
        _refuse("from", "span_too_long", sentence)
    found = await indicators.read(alerts.database, area_stem(district_code), since, until)
    return IndicatorsAnswer.model_validate(
        {
            "district_code": district_code,
            "as_of": found.as_of,
            "first_day": found.first_day,
            "last_day": found.last_day,
            "judged_since": found.judged_since,
            "items": found.rows,
        },
        from_attributes=True,
    )


async def read_ledger(alerts: Alerts, wanted: Wanted, limit: int) -> LedgerAnswer:
    """Return a page of the work ledger."""
    rows = await listing.read_ledger(alerts.database, wanted, limit)
    last = encode_cursor(rows[-1]["case_id"]) if len(rows) == limit else None
    return LedgerAnswer.model_validate({"items": rows, "next": last})


async def read_whole_ledger(alerts: Alerts, wanted: Wanted) -> LedgerAnswer:
    """Return all of a ledger, for a workbook.

    Raises:
        Malformed: `too_many_rows`.

    """
    rows = await listing.read_ledger(alerts.database, wanted, ROWS_MAX + 1)
    if len(rows) > ROWS_MAX:
        message = f"More than {ROWS_MAX} rows: narrow it down by `from`, `to` or `district_code`."
        raise Malformed(message, code="too_many_rows")
    return LedgerAnswer.model_validate({"items": rows, "next": None})


async def read_interviews(alerts: Alerts, district_code: str | None, top: int) -> InterviewsAnswer:
    """Return whom to interview in the running quarter."""
    found = await listing.read_interviews(alerts.database, area_stem(district_code), top)
    return InterviewsAnswer.model_validate(
        {
            "district_code": district_code,
            "as_of": found.as_of,
            "quarter": found.quarter,
            "items": found.rows,
        }
    )
