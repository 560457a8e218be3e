"""The channels that notices go to, from a file; their secrets, from the environment.

The file names the variable that holds a secret, never the secret: it can be shown and kept with
other configuration. What is wrong with it stops a process at its start, and not a notice later.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Final, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator
from standardwebhooks import Webhook

from alerts.domain.notices import MARKDOWN, PARTS_MAX, PLAIN, SPACED, Limit, Style, json_size
from alerts.domain.outcome import Severity
from alerts.settings import Settings
from shared.errors import StartupRefused
from shared.settings import Environment
from shared.web.principals import area_covers

CHANNELS_MAX: Final = 200
"""As many as bureaux in one installation."""

RECIPIENTS_MAX: Final = 20

ENVELOPE: Final = 1_000
"""Bytes of 钉钉's 20,000 that the message around the text may take."""

LIMITS: Final[Mapping[str, Limit]] = {
    "text": Limit(2_048, PARTS_MAX, 20),
    "markdown": Limit(4_096, PARTS_MAX, 20),
    "dingtalk": Limit(20_000 - ENVELOPE, PARTS_MAX, 20, json_size),
    "mail": Limit(200_000, 1, 60),
    "webhook": Limit(200_000, 1, 600),
}
"""What robots document; for mail and a bureau's own system, what nobody minds."""

_Variable = Annotated[str, Field(pattern="^[A-Z][A-Z0-9_]{0,63}$")]
_Address = Annotated[str, Field(pattern=r"^[!-?A-~]{1,64}@[A-Za-z0-9.-]{1,189}$")]


class Mailing(BaseModel):
    """How mail is sent: whose host, who logs in, from whom and to whom."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    host: Annotated[str, Field(pattern="^[A-Za-z0-9.-]{1,253}$")]
    port: Annotated[int, Field(ge=1, le=65_535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: Annotated[str, Field(min_length=1, max_length=254)] | None = None
    sender: _Address
    recipients: Annotated[tuple[_Address, ...], Field(min_length=1, max_length=RECIPIENTS_MAX)]


class Channel(BaseModel):
    """One channel: where it leads, what it is told, and when."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    name: Annotated[str, Field(pattern="^[a-z][a-z0-9_-]{0,39}$")]
    kind: Literal["wecom", "dingtalk", "mail", "webhook"]
    audience: Literal["supervisor", "operator"] = "supervisor"
    district_code: Annotated[str, Field(pattern="^[0-9]{6}$")] | None = None
    """Whose cases: every district under it; unset: the whole country."""
    severities: frozenset[Severity] = frozenset({Severity.critical, Severity.warning})
    alerts: frozenset[str] | None = None
    """Only alerts of these names, for a city that is told of what is overdue alone."""
    quiet: bool = True
    """Hold what is not red until offices open."""
    form: Literal["markdown", "text"] = "markdown"
    """Of 企业微信 alone: `text` can be read by every client and takes half."""
    url: Annotated[str, Field(pattern="^https?://[!-~]{1,500}$")] | None = None
    mail: Mailing | None = None
    token_env: _Variable | None = None
    """Of a robot: the variable with the key that its address ends in."""
    secret_env: _Variable | None = None
    """The variable with what signs: 钉钉's SEC..., a webhook's whsec_..., or mail's password."""
    token: SecretStr = Field(SecretStr(""), exclude=True)
    secret: SecretStr = Field(SecretStr(""), exclude=True)

    @model_validator(mode="after")
    def is_whole(self) -> "Channel":
        """Refuse a channel that lacks what its kind needs."""
        if self.kind == "mail":
            lacking = "mail" if self.mail is None else ""
        elif self.kind == "webhook":
            lacking = "" if self.url and self.secret_env else "url and secret_env"
        else:
            lacking = "" if self.url and self.token_env else "url and token_env"
        if lacking:
            message = f"a channel of kind {self.kind} needs {lacking}"
            raise ValueError(message)
        return self

    @property
    def limit(self) -> Limit:
        """Return what the other side takes."""
        return LIMITS[self.form if self.kind == "wecom" else self.kind]

    @property
    def style(self) -> Style:
        """Return how text is marked there."""
        if self.kind == "dingtalk":
            return SPACED
        return MARKDOWN if self.kind == "wecom" and self.form == "markdown" else PLAIN

    def wants(self, alert: str, severity: Severity) -> bool:
        """Tell whether the channel is told of an alert of this gravity."""
        return severity in self.severities and (self.alerts is None or alert in self.alerts)

    def covers(self, district_code: str) -> bool:
        """Tell whether a district's cases are told here."""
        return area_covers(self.district_code, district_code)


class ChannelsFile(BaseModel):
    """The file of channels."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    channels: Annotated[list[Channel], Field(max_length=CHANNELS_MAX)]

    @model_validator(mode="after")
    def names_are_single(self) -> "ChannelsFile":
        """Refuse two channels of one name: their notices could not be told apart."""
        if len({one.name for one in self.channels}) != len(self.channels):
            message = "two channels have the same name"
            raise ValueError(message)
        return self


def channels_of(settings: Settings) -> Sequence[Channel]:
    """Return the channels that the settings' file names; in production none without TLS.

    Raises:
        StartupRefused: naming what is wrong with the file.

    """
    is_production = settings.environment is Environment.production
    return read_channels(settings.channels_file, os.environ, encrypted_only=is_production)


def read_channels(
    path: str | None, environ: Mapping[str, str], *, encrypted_only: bool
) -> Sequence[Channel]:
    """Return the channels of a file with their secrets; none where no file is named.

    Raises:
        StartupRefused: naming what is wrong with the file, or which variable is missing.

    """
    if path is None:
        return ()
    try:
        found = ChannelsFile.model_validate(yaml.safe_load(Path(path).read_text(encoding="utf-8")))
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        message = "ALERTS_CHANNELS_FILE cannot be read as YAML."
        raise StartupRefused(message) from error
    except ValidationError as wrong:
        first = wrong.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        message = f"ALERTS_CHANNELS_FILE: {where}: {first['msg']}."
        raise StartupRefused(message) from None
    return [_opened(one, environ, encrypted_only=encrypted_only) for one in found.channels]


def _opened(channel: Channel, environ: Mapping[str, str], *, encrypted_only: bool) -> Channel:
    """Return a channel with its secrets, once it is sure that they can be used safely."""
    if encrypted_only and not _is_encrypted(channel):
        message = f"ALERTS_CHANNELS_FILE: {channel.name}: in production use https or TLS."
        raise StartupRefused(message)
    found: dict[str, SecretStr] = {}
    for field in ("token", "secret"):
        variable = getattr(channel, f"{field}_env")
        if variable is None:
            continue
        value = environ.get(variable, "")
        if not value:
            message = f"ALERTS_CHANNELS_FILE: {channel.name}: set {variable} in the environment."
            raise StartupRefused(message)
        found[field] = SecretStr(value)
    opened = channel.model_copy(update=found)
    if channel.kind == "webhook" and not _is_signing(opened.secret.get_secret_value()):
        message = f"{channel.secret_env} must be whsec_ and base64, as Standard Webhooks says."
        raise StartupRefused(message)
    return opened


def _is_encrypted(channel: Channel) -> bool:
    if channel.mail is not None and channel.kind == "mail":
        return channel.mail.security != "none"
    return (channel.url or "").startswith("https://")


def _is_signing(secret: str) -> bool:
    try:
        Webhook(secret)
    except ValueError:
        return False
    except Exception:  # noqa: BLE001 - the library's own kinds of refusal
        return False
    return secret.startswith("whsec_")
