"""The rules of conduct: how an institution clears, teaches, charges, gives back and is licensed."""

from typing import Final

from alerts.domain.rule import Rule
from alerts.domain.rules.charging import OVERCOLLECTION_SPAN
from alerts.domain.rules.clearance import CLEARANCE_OVERDUE, CLEARANCE_PROJECTION
from alerts.domain.rules.collecting import OFF_ACCOUNT_COLLECTION
from alerts.domain.rules.distress import DISTRESS
from alerts.domain.rules.interviews import TOP_N_INTERVIEW
from alerts.domain.rules.lessons import RELEASE_PROHIBITED_TIME
from alerts.domain.rules.licensing import COLLECT_WITHOUT_LICENCE
from alerts.domain.rules.refunds import REFUND_SURGE
from alerts.domain.rules.registry import REGISTRY_ADVERSE
from alerts.domain.rules.silence import FEED_SILENT

CONDUCT_RULES: Final[tuple[Rule, ...]] = (
    CLEARANCE_PROJECTION,
    CLEARANCE_OVERDUE,
    RELEASE_PROHIBITED_TIME,
    OVERCOLLECTION_SPAN,
    OFF_ACCOUNT_COLLECTION,
    REFUND_SURGE,
    DISTRESS,
    TOP_N_INTERVIEW,
    FEED_SILENT,
    REGISTRY_ADVERSE,
    COLLECT_WITHOUT_LICENCE,
)
