"""Settings: a frozen object built once from the environment and passed down.

A service subclasses `ServiceSettings` with its prefix; every field has a sentence.
Nothing here is read at import time, and nothing but `__main__` builds settings.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

_URL_PASSWORD: Final = re.compile(r"(?<=://)([^:/@\s]*):([^@\s]*)@")
_SECRET_NAME: Final = re.compile(r"(?:^|_)(?:key|secret|password|token)$")
MASK: Final = "********"


class Environment(StrEnum):
    """Where a service runs, and with it what it may do to the clock."""

    production = "production"
    """Real money: the clock cannot be moved."""

    sandbox = "sandbox"
    """One machine, invented money: the clock may be raised."""

    test = "test"
    """Automated tests: the clock may be raised."""


class ServiceSettings(BaseSettings):
    """What every service is told from outside."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    environment: Environment = Field(
        Environment.production, description="production, sandbox or test."
    )
    log_level: str = Field(
        "info",
        pattern="^(?:debug|info|warning|error)$",
        description="debug, info, warning or error; warning silences the access log.",
    )

    def masked(self) -> dict[str, str]:
        """List every setting by its variable's name, with secrets and passwords masked."""
        prefix = self.model_config.get("env_prefix", "")
        return {
            f"{prefix}{name}".upper(): _masked(name, getattr(self, name))
            for name in type(self).model_fields
        }

    @classmethod
    def unknown_variables(cls, environ: Mapping[str, str]) -> list[str]:
        """Return variables with this service's prefix that no setting reads: typing errors."""
        prefix = cls.model_config.get("env_prefix", "").upper()
        if not prefix:
            return []
        known = {f"{prefix}{name}".upper() for name in cls.model_fields}
        return sorted(name for name in environ if name.startswith(prefix) and name not in known)


class DatabaseSettings(ServiceSettings):
    """What a service with a database and an API of its own is told besides."""

    database_url: SecretStr | None = Field(
        None, description="The service's own login; its command `migrate --json` prints it."
    )
    host: str = Field("127.0.0.1", description="The address the API listens on.")
    port: int = Field(ge=0, le=65_535, description="The port the API listens on.")
    metrics_host: str = Field("127.0.0.1", description="The address metrics are read from.")
    metrics_port: int = Field(ge=0, le=65_535, description="The metrics' port; 0 for none.")
    work_metrics_port: int = Field(
        0, ge=0, le=65_535, description="The worker's metrics' port; 0 for none."
    )


def _masked(name: str, value: object) -> str:
    if isinstance(value, SecretStr) or (value and _SECRET_NAME.search(name)):
        return MASK if value else ""
    return _URL_PASSWORD.sub(rf"\1:{MASK}@", str(value))
