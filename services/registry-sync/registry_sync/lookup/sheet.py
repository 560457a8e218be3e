"""One institution as its page shows it: every line worked out, nothing left for the template.

What is not known is said to be unknown. Where the status or a list speaks against an
institution, no line of the page says that it may charge without saying that beside it.
"""

from dataclasses import dataclass
from typing import Final

from registry_sync.domain.standing import Site, View
from registry_sync.domain.words import LicenceClass, Status
from registry_sync.lookup import wording
from registry_sync.lookup.accounts import Account
from registry_sync.mirror.reading import Seen
from registry_sync.pages.places import place_name
from registry_sync.pages.wording import Word, day_text, moment_text

SITES_MAX: Final = 30
"""Sites on a page: it stays small; a larger institution's are in the JSON."""

UNKNOWN: Final = Word("dim", "暂无法查询", "监管系统暂时没有回答，请稍后再查，或向主管部门核实。")


@dataclass(frozen=True, slots=True)
class SiteLine:
    """One licence in the table of sites."""

    licence_no: str
    name: str
    address: str
    status: Word
    valid_until: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """One institution as its page shows it."""

    institution_id: str
    name: str
    badges: list[Word]
    """Its status, and whatever else speaks against it, the gravest first."""
    place: str
    lines: list[tuple[str, str, str]]
    """Facts: what, which, and a sentence that explains it."""
    custody: Word
    charging: Word
    reasons: list[str]
    sites: list[SiteLine]
    sites_left: int
    source: str
    as_of: str
    """The source's own date."""
    checked_at: str
    """When we last heard of it."""
    is_stale: bool


def sheet_of(seen: Seen, account: Account | None, title: str | None) -> Sheet:
    """Return what the page of an institution shows."""
    view = seen.view
    sites = view.sites if len(view.sites) > 1 else ()
    badges = _badges(view)
    return Sheet(
        institution_id=view.institution_id,
        name=view.name or view.institution_id,
        badges=badges,
        place=place_name(view.district_code, seen.valid.year) or view.district_code or "",
        lines=_lines(view, seen.valid.year),
        custody=_custody(account),
        charging=_charging(badges, account),
        reasons=_reasons(account),
        sites=[_site_line(one) for one in sites[:SITES_MAX]],
        sites_left=max(0, len(sites) - SITES_MAX),
        source=title or seen.source.source,
        as_of=moment_text(seen.source.as_of or seen.source.last_success_at),
        checked_at=moment_text(seen.source.last_success_at),
        is_stale=seen.is_stale,
    )


def badge_of(view: View) -> Word:
    """Return the one badge of an institution in a list: what speaks against it, if anything."""
    badges = _badges(view)
    return next((one for one in badges if one.tone != "good"), badges[0])


def _badges(view: View) -> list[Word]:
    licence_class = LicenceClass(view.licence_class)
    status = wording.STATUSES[Status(view.status)]
    badges = [status]
    if view.black_listed:
        # Nothing green beside a black list; the status stands among the facts below.
        badges = [wording.ON_BLACK_LIST, *(one for one in badges if one.tone != "good")]
    elif status.tone == "good" and (wrong := _not_normal(view)):
        explained = wording.SITES_EXPLAINED.format(all=len(view.sites), wrong=wrong)
        badges.append(Word("warn", wording.SITES_DIFFER, explained))
    if view.white_listed is False:
        badges.append(wording.OFF_WHITE_LIST)
    if licence_class is not LicenceClass.both:
        explained = wording.CLASSES_EXPLAINED[licence_class]
        badges.append(Word("warn", wording.CLASSES[licence_class], explained))
    return badges


def _not_normal(view: View) -> int:
    return sum(one.values["status"] != Status.normal for one in view.sites)


def _lines(view: View, year: int) -> list[tuple[str, str, str]]:
    licence_class = LicenceClass(view.licence_class)
    kind = wording.CATEGORIES.get(view.category or "", "没有写明")
    delivery = wording.DELIVERIES.get(view.delivery or "", "")
    place = place_name(view.district_code, year)
    return [
        ("办学状态", wording.STATUSES[Status(view.status)].text, ""),
        ("证照", wording.CLASSES[licence_class], wording.CLASSES_EXPLAINED[licence_class]),
        ("白名单", wording.WHITE[view.white_listed], ""),
        ("黑名单", wording.BLACK[view.black_listed], ""),
        ("许可有效期", _until(view.valid_until), ""),
        ("类别", "，".join(filter(None, (kind, delivery))), ""),
        ("地址", view.address or "没有写明", ""),
        ("所在地区", place or view.district_code or "没有写明", ""),
    ]


def _until(day: str | None) -> str:
    text = day_text(day)
    return f"至{text}" if text[0].isdigit() else text


def _custody(account: Account | None) -> Word:
    if account is None:
        return UNKNOWN
    if account.is_supervised:
        return Word("good", "已开立监管账户", "在银行有受监管的账户，上一次课，划一次款。")
    return Word("bad", "没有监管账户", "在监管系统里没有查到它的监管账户。")


def _charging(badges: list[Word], account: Account | None) -> Word:
    if account is None:
        return UNKNOWN
    if not account.may_charge:
        return Word("bad", "不可以", "目前不得收取新的预付学费，请不要缴费。")
    tones = {one.tone for one in badges}
    if "bad" in tones:
        return Word("bad", "请勿缴费", "名单上的状态不允许招生收费，请不要缴费。")
    if tones != {"good"}:
        return Word("warn", "请先核实", "收费没有被暂停，但名单上有异常，请先核实再缴费。")
    return Word("good", "可以", "请只向监管账户缴费，并索要发票。")


def _reasons(account: Account | None) -> list[str]:
    found = account.reasons if account is not None else ()
    return [wording.REASONS[one] for one in found if one in wording.REASONS]


def _site_line(site: Site) -> SiteLine:
    values = site.values
    return SiteLine(
        site.licence_no or "没有许可证",
        values["name"] or "",
        values["address"] or "没有写明",
        wording.STATUSES[Status(values["status"] or Status.unknown)],
        _until(values["valid_until"]),
    )
