"""What one batch holds so far: one record a site, and the rows set aside.

Two rows of one site that do not say the same are both set aside, and so is a good row beside one
that could not be read: which of them is true cannot be told.
"""

from registry_sync.domain.record import Key, Record, SetAside
from registry_sync.domain.words import RowFault


class Gathered:
    """The records of one batch by key, and what is set aside."""

    def __init__(self) -> None:
        self.records: dict[Key, Record] = {}
        self.set_aside: list[SetAside] = []
        self.repeated = 0
        self._spoilt: set[Key] = set()

    def believe(self, record: Record) -> None:
        """Keep a record, unless another row of its site says something else."""
        key = record.key
        held = self.records.get(key)
        if held is None and key not in self._spoilt:
            self.records[key] = record
        elif held and held.values == record.values and held.since == record.since:
            self.repeated += 1
        else:
            self._spoil(key)
            self.set_aside.append(SetAside(record.where, RowFault.row_repeated, None, key))

    def put_aside(self, row: SetAside) -> None:
        """Set a row aside, and with it what another row says of the same site."""
        if row.key is not None:
            self._spoil(row.key)
        self.set_aside.append(row)

    def _spoil(self, key: Key) -> None:
        self._spoilt.add(key)
        if held := self.records.pop(key, None):
            self.set_aside.append(SetAside(held.where, RowFault.row_repeated, None, key))
