"""Escrow's settings, from the environment."""

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from shared.settings import DatabaseSettings


class Settings(DatabaseSettings):
    """What an operator can set; every field has its sentence."""

    model_config = SettingsConfigDict(
        env_prefix="ESCROW_", frozen=True, extra="ignore", hide_input_in_errors=True
    )

    port: int = Field(8001, ge=0, le=65_535, description="The port the API listens on.")
    metrics_port: int = Field(9101, ge=0, le=65_535, description="The metrics' port; 0 for none.")
    source: str = Field("urn:yike:escrow", description="The `source` of the events on the feed.")
    registry_url: str | None = Field(
        None,
        pattern=r"^https?://[!-~]{1,500}$",
        description="Where registry-sync is, to hear its feed; unset: it is not listened to.",
    )
    registry_key: SecretStr | None = Field(
        None, description="A key of the role `service`, to read the registry's feed with."
    )
    verify_interval_s: int = Field(
        60, ge=1, description="Seconds between two checks of what is new in the books."
    )
