"""From what the mirror knows to what a look-up answers."""

from datetime import date
from typing import Any

from registry_sync.domain.record import FIELDS
from registry_sync.domain.standing import Site as KnownSite
from registry_sync.lookup.accounts import Account
from registry_sync.lookup.shapes import (
    AccountShown,
    Identity,
    Institution,
    PublicInstitution,
    Site,
    SiteInFull,
    SourceShown,
    StatementShown,
)
from registry_sync.mirror.reading import Seen, Stated, Told
from registry_sync.mirror.sources import State


def listed(seen: Seen) -> Identity:
    """Show an institution in a list."""
    return Identity(**_identity(seen))


def public(seen: Seen, account: Account | None, complaint_line: str) -> PublicInstitution:
    """Show what everybody may know."""
    return PublicInstitution(
        **_identity(seen),
        **_moment(seen),
        sites=[Site(**_site(one)) for one in seen.view.sites],
        account=_account(account),
        complaint_line=complaint_line,
    )


def in_full(seen: Seen, told: Told, account: Account | None, complaint_line: str) -> Institution:
    """Show all that is known."""
    return Institution(
        **_identity(seen),
        **_moment(seen),
        sites=[_site_in_full(one) for one in seen.view.sites],
        account=_account(account),
        complaint_line=complaint_line,
        rank=seen.view.rank,
        changed_at=seen.changed_at,
        conflicts=list(seen.view.conflicts),
        sources=[_source(one, seen) for one in told.sources.values()],
        statements=[_statement(one) for one in told.statements],
    )


def _identity(seen: Seen) -> dict[str, Any]:
    view = seen.view
    return {
        "institution_id": view.institution_id,
        "name": view.name,
        "district_code": view.district_code,
        "category": view.category,
        "delivery": view.delivery,
        "address": view.address,
        "status": view.status,
        "licence_class": view.licence_class,
        "valid_until": view.valid_until,
        "white_listed": view.white_listed,
        "black_listed": view.black_listed,
        "source": view.source,
        "stale": seen.is_stale,
        "as_of": seen.source.as_of,
        "last_success_at": seen.source.last_success_at,
    }


def _moment(seen: Seen) -> dict[str, Any]:
    return {"as_of_valid": seen.valid, "as_of_recorded": seen.recorded}


def _site(site: KnownSite) -> dict[str, Any]:
    fields = ("name", "district_code", "address", "status", "valid_until")
    return {"licence_no": site.licence_no, **{name: site.values[name] for name in fields}}


def _site_in_full(site: KnownSite) -> SiteInFull:
    values = site.values
    return SiteInFull(
        **_site(site),
        category=values["category"],
        delivery=values["delivery"],
        licensed=_truth(values["licensed"]),
        registered=_truth(values["registered"]),
        white_listed=_truth(values["white_listed"]),
        black_listed=_truth(values["black_listed"]),
        source=site.source,
        rank=site.rank,
        since=date.fromisoformat(site.since) if site.since else None,
        evidence=site.evidence,
        conflicts=list(site.conflicts),
    )


def _truth(word: str | None) -> bool | None:
    return None if word is None else word == "yes"


def _account(account: Account | None) -> AccountShown | None:
    if account is None:
        return None
    return AccountShown(
        supervised=account.is_supervised,
        may_charge=account.may_charge,
        reasons=list(account.reasons),
    )


def _source(state: State, seen: Seen) -> SourceShown:
    return SourceShown(
        source=state.source,
        rank=state.rank,
        version=state.version,
        as_of=state.as_of,
        valid_until=state.valid_until,
        last_success_at=state.last_success_at,
        stale=state.is_stale(seen.now),
    )


def _statement(one: Stated) -> StatementShown:
    return StatementShown(
        source=one.source,
        licence_no=one.licence_no,
        statement_no=one.statement_no,
        said=dict(zip(FIELDS, one.values, strict=True)),
        valid_from=one.valid_from,
        recorded_at=one.recorded_at,
        fetch_id=str(one.fetch_id),
        evidence=one.evidence,
        place=one.place,
    )
