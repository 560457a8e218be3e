"""registry-sync's settings, from the environment, and its sources, from a file."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

import yaml
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import SettingsConfigDict

from shared.errors import StartupRefused
from shared.settings import DatabaseSettings

SOURCES_MAX: Final = 20
"""Sources of one installation: what the metrics are counted for."""

PLATFORM_CADENCE_S: Final = 3_600
SHEET_CADENCE_S: Final = 2_592_000
"""How often something should come of a source of which nothing else is said."""


class SourceSettings(BaseModel):
    """One source: who it is, how far it is believed, and how it is read."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    name: Annotated[str, Field(pattern="^[a-z][a-z0-9_]{0,39}$")]
    kind: Literal["platform", "sheet"]
    rank: Annotated[int, Field(ge=1, le=99)]
    mapping: Annotated[str, Field(pattern="^[a-z][a-z0-9_]{0,39}$")]
    title: Annotated[str, Field(min_length=1, max_length=60)] | None = None
    """What the public page calls it; its name where it has none."""
    url: Annotated[str, Field(pattern="^https?://[!-~]{1,500}$")] | None = None
    public_key: Annotated[str, Field(pattern="^[A-Za-z0-9+/]{43}=$")] | None = None
    hosts: frozenset[str] = frozenset()
    cadence_s: Annotated[int, Field(ge=1, le=2_678_400)] = PLATFORM_CADENCE_S

    @model_validator(mode="before")
    @classmethod
    def bureaus_take_longer(cls, said: Any) -> Any:  # noqa: ANN401 - whatever stands in the file
        """Expect a sheet once a month where the file does not say how often."""
        if isinstance(said, dict) and said.get("kind") == "sheet":
            return {"cadence_s": SHEET_CADENCE_S, **said}
        return said

    @model_validator(mode="after")
    def can_be_asked(self) -> "SourceSettings":
        """Refuse a platform without an address or a key to check its signature by."""
        if self.kind == "platform" and not (self.url and self.public_key):
            message = "a platform needs url and public_key"
            raise ValueError(message)
        return self

    @property
    def allowed_hosts(self) -> frozenset[str]:
        """Return the hosts that files may lie on."""
        own = urlsplit(self.url or "").hostname
        return self.hosts | ({own} if own else frozenset())


class Sources(BaseModel):
    """The file of sources."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    sources: Annotated[list[SourceSettings], Field(max_length=SOURCES_MAX)]

    @model_validator(mode="after")
    def names_are_single(self) -> "Sources":
        """Refuse two sources of one name."""
        if len({one.name for one in self.sources}) != len(self.sources):
            message = "two sources have the same name"
            raise ValueError(message)
        return self


class Settings(DatabaseSettings):
    """What an operator can set; every field has its sentence."""

    model_config = SettingsConfigDict(
        env_prefix="REGISTRY_", frozen=True, extra="ignore", hide_input_in_errors=True
    )

    port: int = Field(8003, ge=0, le=65_535, description="The port the API listens on.")
    metrics_port: int = Field(9103, ge=0, le=65_535, description="The metrics' port; 0 for none.")
    source: str = Field("urn:yike:registry", description="The `source` of the events on the feed.")
    sources_file: Path | None = Field(
        None, description="YAML with the sources to mirror; see the README of the service."
    )
    poll_s: float = Field(
        60.0, gt=0, le=86_400, description="Seconds between two looks at whether a source is due."
    )
    public_rate: int = Field(
        5,
        ge=0,
        le=100_000,
        description="Look-ups a second per address without a key, four seconds' worth at once;"
        " 0: no limit. Behind a proxy all have its address: limit there, and set 0.",
    )
    complaint_line: str = Field(
        "12345",
        min_length=1,
        max_length=100,
        description="Where citizens complain: shown publicly.",
    )
    escrow_url: str | None = Field(
        None,
        pattern="^https?://[!-~]{1,500}$",
        description="Where escrow answers, for the public page to say whether one may charge.",
    )
    escrow_key: SecretStr | None = Field(
        None, description="A key of escrow's for that: an auditor's for the whole country."
    )


def cadences_of(named: Sequence[SourceSettings]) -> dict[str, int]:
    """Return how often sheets should come: a platform says so in its manifest."""
    return {one.name: one.cadence_s for one in named if one.kind == "sheet"}


def read_sources(path: Path | None) -> list[SourceSettings]:
    """Return the sources of a file; none where no file is named.

    Raises:
        StartupRefused: naming what is wrong with the file.

    """
    if path is None:
        return []
    try:
        found = Sources.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        message = "REGISTRY_SOURCES_FILE cannot be read as YAML."
        raise StartupRefused(message) from error
    except ValidationError as wrong:
        first = wrong.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        message = f"REGISTRY_SOURCES_FILE: {where}: {first['msg']}."
        raise StartupRefused(message) from None
    return found.sources
