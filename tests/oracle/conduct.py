"""The rules R11 to R21 once more, by brute force over a plain list of facts.

Written from the catalogue, not from the code: every question goes through the whole list again,
days are walked one by one, pairs are compared with pairs. Slow, and too simple to hide a fault.
What is shared with the service are the shapes (`Fact`, `Outcome`'s words, `Campaign`), the
calendar's answer to "is this day worked", and the values of the parameters.
"""

from collections.abc import Callable, Mapping

from tests.oracle import charging, standing, teaching
from tests.oracle.world import Finding, Values, World

Judge = Callable[[World, Values], list[Finding]]

ORACLE: Mapping[str, Judge] = {
    one.__name__: one
    for one in (
        teaching.clearance_projection,
        teaching.clearance_overdue,
        teaching.release_prohibited_time,
        charging.overcollection_span,
        charging.off_account_collection,
        charging.refund_surge,
        charging.distress,
        standing.top_n_interview,
        standing.feed_silent,
        standing.registry_adverse,
        standing.collect_without_licence,
    )
}
"""How each rule judges, by its key."""
