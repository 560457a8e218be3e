"""Whether a record is of whom it says: two keys that must agree.

One wrong key is a typing error at the source; acting on it would touch a stranger.
Where both agree and only the name has nothing of the old one, people look (`safeguards`).
A licence goes to another institution only once its holder has been left out for days, so that
a first batch that was wrong does not stay believed for ever.
"""

from collections.abc import Iterable, Mapping

from registry_sync.domain.changes import Held
from registry_sync.domain.record import Key, Record, SetAside
from registry_sync.domain.words import RowFault


def check_identity(
    held: Mapping[Key, Held], records: Iterable[Record]
) -> tuple[list[Record], list[SetAside]]:
    """Return the records to believe, and those whose keys contradict what is held."""
    owners = {
        licence_no: name
        for (name, licence_no), one in held.items()
        if licence_no and not one.is_gone
    }
    believed, doubtful = [], []
    for record in records:
        owner = owners.get(record.licence_no, record.institution_id)
        if owner == record.institution_id:
            believed.append(record)
        else:
            place, doubt = record.where, RowFault.identity_doubtful
            doubtful.append(SetAside(place, doubt, "licence_no", record.key))
    return believed, doubtful


def resembles(before: str, after: str) -> bool:
    """Tell whether two names share two neighbouring characters; an empty one says nothing."""
    if before == after or not before or not after:
        return True
    pairs = {before[at : at + 2] for at in range(len(before) - 1)}
    return any(after[at : at + 2] in pairs for at in range(len(after) - 1))
