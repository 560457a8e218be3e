"""What Alertmanager posts: its webhook, version 4.

Fields that we do not know are passed over, as they are somebody else's; what is used is bounded.
"""

import hashlib
import json
from typing import Annotated, Final, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from alerts.domain.outcome import Severity
from shared.time import rfc3339

ALERTS_MAX: Final = 1_000
"""Of one payload: set `max_alerts` of the receiver to no more, the rest is then counted."""

LABELS_MAX: Final = 64

_Word = Annotated[str, Field(max_length=4_000)]
_Words = Annotated[dict[str, _Word], Field(max_length=LABELS_MAX)]


class _Told(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)


class Alert(_Told):
    """One alert of the group."""

    status: Literal["firing", "resolved"]
    labels: _Words
    annotations: _Words = {}
    startsAt: AwareDatetime  # noqa: N815 - the sender's spelling
    fingerprint: Annotated[str, Field(pattern="^[0-9a-f]{1,64}$")]

    @property
    def name(self) -> str:
        """Return the rule that raised it."""
        return self.labels.get("alertname", "Alert")[:200]

    @property
    def case_id(self) -> UUID | None:
        """Return the case it is about, if it is about one."""
        try:
            return UUID(self.labels["case_id"])
        except (KeyError, ValueError):
            return None

    @property
    def severity(self) -> Severity:
        """Return how grave it says it is; a word we do not know is no reason to be silent."""
        said = self.labels.get("severity", "")
        return Severity(said) if said in {*Severity} else Severity.warning

    @property
    def district_code(self) -> str:
        """Return the district it says it is about."""
        return self.labels.get("district_code") or self.labels.get("bureau") or ""

    def is_for(self, audience: str) -> bool:
        """Tell whether it is for supervisors or for operators; unsaid, for operators."""
        return self.labels.get("audience", "operator") in {audience, "both"}


class Payload(_Told):
    """One group of alerts, as it stands now."""

    version: Literal["4"]
    groupKey: Annotated[str, Field(min_length=1, max_length=8_000)]  # noqa: N815 - as sent
    status: Literal["firing", "resolved"]
    truncatedAlerts: Annotated[int, Field(ge=0, le=10**9)] = 0  # noqa: N815 - as sent
    commonLabels: _Words = {}  # noqa: N815  # tidy: allow banned-name - as sent
    externalURL: Annotated[str, Field(max_length=2_000)] = ""  # noqa: N815 - as sent
    alerts: Annotated[list[Alert], Field(max_length=ALERTS_MAX)]

    @property
    def severity(self) -> Severity:
        """Return how grave the alerts are that were left out."""
        said = self.commonLabels.get("severity", "")
        return Severity(said) if said in {*Severity} else Severity.warning

    def digest(self) -> str:
        """Return the same for the same news, in whatever order its alerts came.

        When an alert began counts: one that ended and fires anew is news.
        """
        told = sorted((one.fingerprint, one.status, rfc3339(one.startsAt)) for one in self.alerts)
        said = json.dumps([self.groupKey, self.status, told, self.truncatedAlerts])
        return hashlib.sha256(said.encode()).hexdigest()
