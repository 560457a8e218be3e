"""The auditor: a second truth that shares no code with the posting.

It recomputes every balance, counter and flag from the movements and the records behind them,
compares what is told twice, and names the rows that disagree. It writes nothing but its own
two tables.

| scope | reads | finds |
|---|---|---|
| whole | everything, a bounded number of movements at a time, each under one snapshot | any row |
| new | what moved since the last verification that found nothing, by index probes | new rows |

What `new` finds is looked at whole, institution by institution, so that the row named is the
one that is wrong and not the one it led to.
"""

from escrow.ledger.verify.report import Finding, Report, Scope
from escrow.ledger.verify.run import verify

__all__ = ["Finding", "Report", "Scope", "verify"]
