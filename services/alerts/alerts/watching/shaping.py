"""From what was read to what is shown: every figure of the catalogue, zeros included.

Pure: the same reading always gives the same figures.
"""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from operator import attrgetter
from typing import Final

from alerts.domain.casewords import SETTLED
from alerts.domain.workdays import LOOK_AHEAD, OPENS, Calendar
from alerts.watching import words
from alerts.watching.catalogue import MILESTONE_BUCKETS_S
from alerts.watching.figures import Figures, capped
from alerts.watching.reading import Reading, Rows
from alerts.watching.words import OTHER, REACHED, known
from shared.time import SHANGHAI, business_day

_A: Final = "tuition_alerts_"
REPORT_AT: Final = time(8, 30)
"""When a working day's report is due."""

STATEMENT_WORKDAYS: Final = 2
"""A bank that was silent for longer is late, as rule R19 has it by preset."""


def shape(reading: Reading) -> Figures:
    """Return every figure of one reading."""
    figures = Figures(reading.offset_s)
    rows = reading.rows
    districts = _districts(rows)
    for part in (_judging, _feeds, _deliveries, _campaigns, _reached):
        part(figures, rows, districts)
    for by_district in (_cases, _institutions, _reports):
        by_district(figures, rows, districts)
    _sparse(figures, rows, districts)
    _deadlines(figures, reading)
    return figures


class Districts:
    """Which districts have series of their own; the others are added up."""

    def __init__(self, codes: Sequence[str]) -> None:
        self.shown = capped(codes, words.DISTRICTS_MAX)

    def of(self, code: str | None) -> str:
        """Return the label of a district."""
        if not code:
            return words.UNKNOWN_DISTRICT
        return code if code in self.shown else OTHER


def _districts(rows: Rows) -> Districts:
    found = {row.district_code for name in ("institutions", "cases") for row in rows[name]}
    return Districts([code for code in found if code])


def _judging(figures: Figures, rows: Rows, _: Districts) -> None:
    figures.begin(f"{_A}rule_evaluations_total", words.RULES, words.MODES, words.OUTCOMES)
    figures.begin(f"{_A}rule_hits_total", words.RULES, words.SEVERITIES, words.MODES)
    figures.begin(f"{_A}suppressions", words.RULES)
    figures.begin(f"{_A}rule_indeterminate_total", words.RULES, [OTHER])
    judged = [row for row in rows["evaluated"] if row.rule in words.RULES]
    reasons = {
        rule: capped((row.reason for row in judged if row.rule == rule), words.REASONS_MAX)
        for rule in words.RULES
    }
    for row in judged:
        labels = (row.rule, row.mode, row.outcome)
        figures.add(f"{_A}rule_evaluations_total", labels, row.number)
        if row.outcome == "hit":
            found = (row.rule, row.severity, row.mode)
            figures.add(f"{_A}rule_hits_total", found, row.number)
        elif row.outcome == "indeterminate" and row.mode == "live":
            reason = known(row.reason, reasons[row.rule])
            figures.add(f"{_A}rule_indeterminate_total", (row.rule, reason), row.number)
    for row in rows["suppressions"]:
        if row.rule in words.RULES:
            figures.put(f"{_A}suppressions", (row.rule,), row.number)
    _enabled(figures, rows)


def _enabled(figures: Figures, rows: Rows) -> None:
    """Every rule judges live: where nobody set values, or they were retired, presets hold."""
    in_shadow = {row.rule for row in rows["parameters"]}
    for rule in words.RULES:
        figures.put(f"{_A}rule_enabled", (rule, "live"), 1)
        figures.put(f"{_A}rule_enabled", (rule, "shadow"), int(rule in in_shadow))


def _feeds(figures: Figures, rows: Rows, _: Districts) -> None:
    heard = {row.feed: row.heard_at for row in rows["feeds"]}
    figures.begin(f"{_A}set_aside_events", words.FEEDS)
    for feed in words.FEEDS:
        figures.put_instant(f"{_A}feed_heard_timestamp_seconds", (feed,), heard.get(feed))
    for row in rows["set_aside"]:
        if row.feed in words.FEEDS:
            figures.put(f"{_A}set_aside_events", (row.feed,), row.number)
    waiting = rows["waiting"][0]
    figures.put(f"{_A}waiting_institutions", (), waiting.number)
    figures.put_instant(f"{_A}waiting_oldest_timestamp_seconds", (), waiting.oldest)


def _cases(figures: Figures, rows: Rows, districts: Districts) -> None:
    for name in ("cases", "cases_opened_total"):
        figures.begin(_A + name, sorted(districts.shown), words.SEVERITIES)
    figures.begin(f"{_A}cases_by_state", words.STATES, words.SEVERITIES)
    figures.begin(f"{_A}cases_overdue", words.MILESTONES, words.SEVERITIES)
    figures.begin(f"{_A}cases_closed_total", words.RULES, words.CLASSES)
    for row in rows["cases"]:
        code, state = districts.of(row.district_code), known(row.state, words.STATES)
        figures.add(f"{_A}cases_opened_total", (code, row.opened), row.number)
        figures.add(f"{_A}cases_by_state", (state, row.severity), row.number)
        if row.state not in SETTLED:
            figures.add(f"{_A}cases", (code, row.severity), row.number)
    for row in rows["overdue"]:
        milestone = known(row.milestone, words.MILESTONES)
        figures.add(f"{_A}cases_overdue", (milestone, row.severity), row.number)
    for row in rows["closed"]:
        if row.rule in words.RULES:
            labels = (row.rule, known(row.finding, words.CLASSES))
            figures.add(f"{_A}cases_closed_total", labels, row.number)
    figures.put(f"{_A}cases_reopened_total", (), rows["reopened"][0].number)


def _reached(figures: Figures, rows: Rows, _: Districts) -> None:
    name, buckets = f"{_A}milestone_duration_seconds", len(MILESTONE_BUCKETS_S)
    for milestone in REACHED.values():
        for severity in words.SEVERITIES:
            figures.distribution(name, (milestone, severity), buckets)
    for row in rows["reached"]:
        labels = (REACHED[row.state_after].value, row.severity)
        found = figures.distribution(name, labels, buckets)
        found.counts[row.bucket] += row.number
        found.total += row.total_s


def _sparse(figures: Figures, rows: Rows, districts: Districts) -> None:
    """Show the gravest and oldest cases one by one, and count those that found no room."""
    shown = 0
    for row in rows["sparse"]:
        code = districts.of(row.district_code)
        labels = (row.case_id, row.institution_id, code, row.rule, row.severity)
        if row.is_open:
            shown += 1
            figures.put_instant(f"{_A}case_opened_timestamp_seconds", labels, row.opened_at)
        if row.due_at is not None:
            milestone = known(row.milestone, words.MILESTONES)
            name = f"{_A}case_due_timestamp_seconds"
            figures.put_instant(name, (*labels, milestone), row.due_at)
        names = (row.institution_id, row.name or row.institution_id, code)
        figures.put(f"{_A}institution_info", names, 1)
    open_now = sum(row.number for row in rows["cases"] if row.state not in SETTLED)
    figures.put(f"{_A}case_series_truncated", (), open_now - shown)


def _institutions(figures: Figures, rows: Rows, districts: Districts) -> None:
    codes = sorted(districts.shown)
    sums = {
        f"{_A}supervised_balance_yuan": attrgetter("custody_fen"),
        f"{_A}unconsumed_prepaid_yuan": attrgetter("held_fen"),
        f"{_A}min_balance_gap_yuan": attrgetter("gap_fen"),
        f"{_A}outflow_yuan_total": attrgetter("outflow_fen"),
        f"{_A}refund_yuan_total": attrgetter("refunded_fen"),
    }
    figures.begin(f"{_A}institutions", codes, words.RISKS)
    for name in sums:
        figures.begin(name, codes)
    for row in rows["institutions"]:
        code = districts.of(row.district_code)
        figures.add(f"{_A}institutions", (code, row.risk), row.number)
        for name, of in sums.items():
            figures.add_yuan(name, (code,), of(row))


def _campaigns(figures: Figures, rows: Rows, districts: Districts) -> None:
    for row in rows["campaigns"]:
        for deadline, day in (("refund_by", row.refund_by), ("clear_by", row.clear_by)):
            end = datetime.combine(day + timedelta(days=1), time(0), SHANGHAI)
            labels = (row.campaign, row.name, deadline)
            figures.put_instant(f"{_A}clearance_deadline_timestamp_seconds", labels, end)
        where = (row.campaign, districts.of(row.district_code))
        figures.add_yuan(f"{_A}clearance_remaining_yuan", where, row.held_fen)


def _reports(figures: Figures, rows: Rows, districts: Districts) -> None:
    figures.begin(f"{_A}daily_report_timestamp_seconds", sorted(districts.shown))
    for row in rows["reports"]:
        if row.district_code in districts.shown:
            name = f"{_A}daily_report_timestamp_seconds"
            figures.put_instant(name, (row.district_code,), row.made_at)


def _deliveries(figures: Figures, rows: Rows, _: Districts) -> None:
    figures.begin(f"{_A}delivery_oldest_timestamp_seconds", words.CHANNELS)
    for row in rows["undelivered"]:
        figures.put_instant(f"{_A}delivery_oldest_timestamp_seconds", (row.kind,), row.oldest)


def _deadlines(figures: Figures, reading: Reading) -> None:
    """Show the two instants that PromQL cannot know, because it knows no working days."""
    calendar = Calendar({row.day: row.is_workday for row in reading.rows["workdays"]})
    due = last_report_due(reading.books_at, calendar)
    figures.put_instant(f"{_A}daily_report_due_timestamp_seconds", (), due)
    statement = workdays_ago(reading.books_at, STATEMENT_WORKDAYS, calendar)
    figures.put_instant(f"{_A}statement_due_timestamp_seconds", (), statement)


def last_report_due(now: datetime, calendar: Calendar) -> datetime:
    """Return when the last daily report was due: the last working day's, if its hour has come."""
    day = business_day(now)
    if datetime.combine(day, REPORT_AT, SHANGHAI) > now:
        day -= timedelta(days=1)
    return datetime.combine(_workday_until(day, calendar), REPORT_AT, SHANGHAI)


def workdays_ago(now: datetime, days: int, calendar: Calendar) -> datetime:
    """Return when offices opened so many working days before today."""
    day = business_day(now)
    for _ in range(days):
        day = _workday_until(day - timedelta(days=1), calendar)
    return datetime.combine(day, OPENS, SHANGHAI)


def _workday_until(day: date, calendar: Calendar) -> date:
    """Return a day where it is worked, else the last before it that is."""
    for back in range(LOOK_AHEAD):
        if calendar.is_workday(day - timedelta(days=back)):
            return day - timedelta(days=back)
    return day
