"""The closed sets of words: statuses, kinds of teaching, why a row or a batch is not believed."""

from enum import StrEnum
from typing import Final


class Status(StrEnum):
    """How an authority says an institution stands (national platform's words, policy (e)).

    Nobody published a code list: what a source's mapping does not name is `unknown`, which is
    neither good nor bad.
    """

    normal = "normal"
    """正常."""

    suspended = "suspended"
    """停业, 暂停招生."""

    transformed = "transformed"
    """转型, 营转非."""

    winding_down = "winding_down"
    """终止清算."""

    deregistered = "deregistered"
    """注销: given up by the institution."""

    expired = "expired"
    """许可证过期."""

    revoked = "revoked"
    """吊销: taken away by the authority."""

    unknown = "unknown"
    """A word that the source's mapping does not name, or none at all."""


CLOSED: Final = frozenset(
    {
        Status.suspended,
        Status.expired,
        Status.winding_down,
        Status.deregistered,
        Status.transformed,
    }
)
"""Statuses other than revoked under which no new money may be collected."""


class LicenceClass(StrEnum):
    """The four classes of licence (办学许可证) and registration (营业执照 or 民非登记)."""

    both = "both"
    """有证有照."""

    licence_only = "licence_only"
    """有证无照."""

    registration_only = "registration_only"
    """无证有照."""

    neither = "neither"
    """无证无照."""


class RowFault(StrEnum):
    """Why one row is set aside; the rest of its batch goes on."""

    credit_code_wrong = "credit_code_wrong"
    """Not 18 characters of the code's alphabet, or its check digit does not fit."""

    numeric_id = "numeric_id"
    """An id that a spreadsheet keeps as a number: digits may be lost, so it is never repaired."""

    field_missing = "field_missing"
    """A required field is empty."""

    word_unknown = "word_unknown"
    """A value outside the closed set of its field (a status apart, which becomes `unknown`)."""

    date_wrong = "date_wrong"
    """Not a date in any spelling the mapping knows, or a day that has yet to come."""

    row_repeated = "row_repeated"
    """Two rows of one batch for one licence that do not say the same: neither is believed."""

    formula_without_value = "formula_without_value"
    """A cell computed by a formula, of which the file holds no result."""

    shape_wrong = "shape_wrong"
    """Not a record at all: broken JSON, too long a text, a NUL."""

    identity_doubtful = "identity_doubtful"
    """The licence was another institution's so far."""


class BatchFault(StrEnum):
    """Why a batch is refused whole: nothing of it is believed, the last good state stays."""

    unreachable = "unreachable"
    host_not_allowed = "host_not_allowed"
    too_large = "too_large"
    bomb = "bomb"
    truncated = "truncated"
    hash_wrong = "hash_wrong"
    count_wrong = "count_wrong"
    signature_wrong = "signature_wrong"
    manifest_wrong = "manifest_wrong"
    rollback = "rollback"
    overdue = "overdue"
    overtaken = "overtaken"
    outside_district = "outside_district"
    not_a_sheet = "not_a_sheet"
    macros = "macros"
    entities = "entities"
    external_links = "external_links"
    header_missing = "header_missing"
    header_repeated = "header_repeated"
    too_many_rows = "too_many_rows"


class HoldReason(StrEnum):
    """Why something waits for two persons."""

    empty = "empty"
    shrink = "shrink"
    mass_revocation = "mass_revocation"
    mass_closing = "mass_closing"
    fill_rate = "fill_rate"
    schema_drift = "schema_drift"
    fast_forward = "fast_forward"
    flapping = "flapping"
    renamed = "renamed"
    conflict = "conflict"
    clock = "clock"
