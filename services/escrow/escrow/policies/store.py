"""Reading preset files into policies, and showing them as they were written."""

from datetime import date, time
from importlib.resources import files

import yaml
from pydantic import BaseModel, ConfigDict

from escrow.domain.policy import Policies, Policy, SlotRule
from shared.money import Fen


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Sourced(_Shape):
    """A number and the document it comes from."""

    value: int
    source: str


class Slot(_Shape):
    """Hours in which no lesson may be given."""

    category: str | None = None
    delivery: str | None = None
    weekdays: list[int]
    starts: time
    ends: time
    source: str


class ReleaseRule(_Shape):
    """What releases a fee."""

    unit: str
    upon: str
    confirmation: str


class PayoutRule(_Shape):
    """When released fees are paid out."""

    cycle: str


class RefundRule(_Shape):
    """How a refund is computed."""

    formula: str


class Version(_Shape):
    """One version of a policy, as its file writes it."""

    version: int
    effective_from: date
    release: ReleaseRule
    payout: PayoutRule
    refund: RefundRule
    span_months_max: Sourced
    lessons_max: Sourced
    amount_max_fen: dict[str, Sourced]
    charge_months_before: Sourced
    renew_lessons_left: Sourced
    lessons_a_day_max: Sourced | None
    forbidden_slots: list[Slot]


class Document(_Shape):
    """One policy: a name, a title and its versions."""

    name: str
    title: str
    versions: list[Version]


def read_documents() -> list[Document]:
    """Read every preset file; a file that does not have the shape stops the start."""
    folder = files("escrow.policies.presets")
    found = sorted(one.name for one in folder.iterdir() if one.name.endswith(".yaml"))
    texts = [folder.joinpath(name).read_text(encoding="utf-8") for name in found]
    return [Document.model_validate(yaml.safe_load(text)) for text in texts]


def policies_of(documents: list[Document]) -> Policies:
    """Return the rules that decisions are made under."""
    return Policies(
        tuple(_policy(one.name, version) for one in documents for version in one.versions)
    )


def _policy(name: str, version: Version) -> Policy:
    return Policy(
        name,
        version.version,
        version.effective_from,
        version.span_months_max.value,
        version.lessons_max.value,
        {category: Fen(cap.value) for category, cap in version.amount_max_fen.items()},
        version.charge_months_before.value,
        version.renew_lessons_left.value,
        tuple(
            SlotRule(slot.category, slot.delivery, frozenset(slot.weekdays), slot.starts, slot.ends)
            for slot in version.forbidden_slots
        ),
    )
