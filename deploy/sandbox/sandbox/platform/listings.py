"""What the platform lists of a site: an institution under one licence, in its own words.

A site is kept as the line of NDJSON that is served: published unchanged, it is never
built again.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel
from stdnum.cn import uscc

NORMAL: Final = "正常"
REVOKED: Final = "吊销"
CLOSED: Final = "停业"
LONG_TERM: Final = "长期"

STATUSES: Final = (
    NORMAL, CLOSED, "暂停招生", "转型", "营转非", "注销", REVOKED, "许可证过期", "终止清算",
)  # fmt: skip
"""Every status the platform has a word for."""

Yes = Literal["1", "0"]


def _credit_code(text: str) -> str:
    if not uscc.is_valid(text):
        message = "not a unified social credit code: 18 characters, the last one a check digit"
        raise ValueError(message)
    return text


class Listing(BaseModel):
    """What is given of a site: a change, or an institution to begin with.

    `uscc` and `licenceNo` say which; the rest is what is to be listed from now on.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_camel)

    uscc: Annotated[str, AfterValidator(_credit_code)]
    licence_no: str | None = Field(default=None, max_length=40)
    """Without one, the institution's only site is meant."""
    org_name: str = Field(default="示例机构", min_length=1, max_length=200)
    region_code: str = Field(default="", pattern="^([0-9]{6})?$")
    org_type: Literal["1", "2", "3", "4"] = "3"
    """1 线下学科, 2 线上学科, 3 线下非学科, 4 线上非学科."""
    org_status: str = Field(default=NORMAL, min_length=1, max_length=40)
    """One of `STATUSES`, or a word that nobody knows yet."""
    has_licence: Yes = "1"
    has_registration: Yes = "1"
    licence_valid_to: str = Field(
        default=LONG_TERM, pattern=r"^([0-9]{4}-[0-9]{2}-[0-9]{2}|长期)?$"
    )
    white_list: Yes = "1"
    black_list: Yes = "0"
    address: str = Field(default="示例路1号", max_length=400)
    changed_on: date | None = None
    """Without one, today."""

    def given(self, today: date) -> dict[str, str]:
        """Return what was given, in the platform's words, with the day of the change."""
        words = self.model_dump(mode="json", by_alias=True, exclude_unset=True)
        return {**words, "changedOn": str(self.changed_on or today)}

    def whole(self, today: date) -> dict[str, str]:
        """Return a whole site: what was not given is made up, and nothing speaks against it."""
        words: dict[str, str] = self.model_dump(mode="json", by_alias=True)
        words["changedOn"] = str(self.changed_on or today)
        words["regionCode"] = self.region_code or self.uscc[2:8]
        if self.licence_no == "" and "has_licence" not in self.model_fields_set:
            words["hasLicence"] = "0"
        if self.licence_no is None:
            words["licenceNo"] = _licence_of(self.uscc, words["regionCode"], self.org_type)
        return words


def _licence_of(code: str, region_code: str, org_type: str) -> str:
    """Return an institution's own licence number; the 9 keeps it apart from seeded ones."""
    tail = int(hashlib.sha256(code.encode()).hexdigest(), 16) % 10**6
    return f"1{region_code}{org_type}9{tail:06d}"


def line_of(site: Mapping[str, Any]) -> bytes:
    """Return a site as it is served."""
    return json.dumps(site, ensure_ascii=False, separators=(",", ":")).encode()


def site_of(line: bytes) -> dict[str, Any]:
    """Return the site that a line tells of."""
    site: dict[str, Any] = json.loads(line)
    return site
