"""alerts' settings, from the environment."""

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from shared.settings import DatabaseSettings

_URL = "^https?://[!-~]{1,500}$"


class Settings(DatabaseSettings):
    """What an operator can set; every field has its sentence."""

    model_config = SettingsConfigDict(
        env_prefix="ALERTS_", frozen=True, extra="ignore", hide_input_in_errors=True
    )

    port: int = Field(8002, ge=0, le=65_535, description="The port the API listens on.")
    metrics_port: int = Field(9102, ge=0, le=65_535, description="The metrics' port; 0 for none.")
    exporter_port: int = Field(
        9122, ge=0, le=65_535, description="The port of `export`, which shows cases to Prometheus."
    )
    escrow_url: str | None = Field(
        None, pattern=_URL, description="Where escrow answers; unset: its feed is not read."
    )
    registry_url: str | None = Field(
        None, pattern=_URL, description="Where registry-sync answers; unset: its feed is not read."
    )
    feed_key: SecretStr | None = Field(
        None, description="A key of the role `service`, for both feeds."
    )
    case_url: str = Field(
        "http://127.0.0.1:8002/supervise/cases/",
        pattern=_URL,
        description="What a link to a case begins with.",
    )
    channels_file: str | None = Field(
        None, description="YAML with the channels notices go to; see the README of the service."
    )
