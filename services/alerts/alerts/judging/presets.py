"""Which values each rule judges by, in which district: read from the table, kept for seconds."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Self

from alerts.domain.judging import EVERYWHERE, Edition, Mode, edition_of
from alerts.domain.rule import Rule
from alerts.domain.rules.catalogue import RULES
from shared.pg.database import LedgerConnection

_READ: Final = (
    "SELECT rule, district_code, version, state, params FROM alerts.parameters"
    " WHERE state IN ('live', 'shadow') ORDER BY rule, district_code, version"
)


@dataclass(frozen=True, slots=True)
class Presets:
    """The values in force, by rule and district; a district without its own takes its city's."""

    live: Mapping[tuple[str, str], Edition] = field(default_factory=dict)
    shadow: Mapping[tuple[str, str], Edition] = field(default_factory=dict)
    rules: Sequence[Rule] = tuple(RULES.values())
    _known: dict[str, tuple[Edition, ...]] = field(default_factory=dict)

    @classmethod
    async def read(cls, tx: LedgerConnection) -> Self:
        """Read what is in force."""
        rows = await tx.fetch(_READ)
        return cls.of(
            edition_of(
                RULES[row["rule"]],
                json.loads(row["params"]),
                row["district_code"],
                row["version"],
                Mode(row["state"]),
            )
            for row in rows
            if row["rule"] in RULES
        )

    @classmethod
    def of(cls, editions: Iterable[Edition], rules: Iterable[Rule] = RULES.values()) -> Self:
        """Return the presets of the rules with these editions over them; the last one holds."""
        by_mode: dict[Mode, dict[tuple[str, str], Edition]] = {one: {} for one in Mode}
        for one in editions:
            by_mode[one.mode][one.rule.key, one.district_code] = one
        return cls(by_mode[Mode.live], by_mode[Mode.shadow], tuple(rules))

    def editions(self, district_code: str) -> tuple[Edition, ...]:
        """Return what judges the institutions of a district, live first."""
        if district_code not in self._known:
            self._known[district_code] = tuple(self._found(district_code))
        return self._known[district_code]

    def _found(self, district_code: str) -> Iterable[Edition]:
        for rule in self.rules:
            yield self._nearest(self.live, rule, district_code) or edition_of(rule)
        for rule in self.rules:
            if found := self._nearest(self.shadow, rule, district_code):
                yield found

    def _nearest(
        self, known: Mapping[tuple[str, str], Edition], rule: Rule, district_code: str
    ) -> Edition | None:
        return next(
            (known[rule.key, code] for code in areas(district_code) if (rule.key, code) in known),
            None,
        )


def areas(district_code: str) -> list[str]:
    """Return a county's own code, its city's, its province's, and the whole country's.

    >>> areas("320602")
    ['320602', '320600', '320000', '']
    """
    if len(district_code) != len("320602"):
        return [EVERYWHERE]
    found = [district_code, f"{district_code[:4]}00", f"{district_code[:2]}0000"]
    return [*dict.fromkeys(found), EVERYWHERE]
