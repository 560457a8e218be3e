"""Group robots of 企业微信 and 钉钉: whatever the status, only `errcode` 0 is a delivery.

钉钉's robots may ask for a signature: the HMAC-SHA256 of time and secret, under the secret.
"""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import httpx

from alerts.notices.channels import Channel
from alerts.notices.wire import Answer, Heard, Message, judged, post, receipt

TOO_LONG: Final = frozenset({40058, 460101})
"""企业微信's invalid length, 钉钉's body above 20,000 bytes."""

BUSY: Final = frozenset({45009, 130101, 410100})
"""More than 20 in a minute, at 企业微信, and at 钉钉 in its old and new words."""

_JSON: Final = {"Content-Type": "application/json; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class WecomRobot:
    """Sends to group robots of 企业微信."""

    http: httpx.AsyncClient

    async def send(self, channel: Channel, message: Message) -> Heard:
        """Send one part as markdown, or as text where the channel says so."""
        said = {"msgtype": channel.form, channel.form: {"content": message.text}}
        url = httpx.URL(str(channel.url)).copy_merge_params(
            {"key": channel.token.get_secret_value()}
        )
        return _heard(await post(self.http, url, _encoded(said), _JSON))


@dataclass(frozen=True, slots=True)
class DingtalkRobot:
    """Sends to group robots of 钉钉."""

    http: httpx.AsyncClient

    async def send(self, channel: Channel, message: Message) -> Heard:
        """Send one part as markdown, signed where the channel has a secret."""
        shown = {"title": message.notice.title, "text": message.text}
        asked = {"access_token": channel.token.get_secret_value()}
        secret = channel.secret.get_secret_value()
        if secret:
            asked |= signed(secret, message.at)
        url = httpx.URL(str(channel.url)).copy_merge_params(asked)
        said = {"msgtype": "markdown", "markdown": shown}
        return _heard(await post(self.http, url, _encoded(said), _JSON))


def signed(secret: str, at: datetime) -> dict[str, str]:
    """Return the two parameters that prove a message to 钉钉; they hold for an hour.

    As values, before the encoding of a URL, which the client does.
    """
    timestamp = str(int(at.timestamp() * 1_000))
    signature = hmac.new(secret.encode(), f"{timestamp}\n{secret}".encode(), hashlib.sha256)
    return {"timestamp": timestamp, "sign": base64.b64encode(signature.digest()).decode()}


def _encoded(said: dict[str, Any]) -> bytes:
    """Return JSON in as few bytes as it has: the limits are of bytes."""
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()


def _heard(answer: Answer | Heard) -> Heard:
    if isinstance(answer, Heard):
        return answer
    code, said = _errcode(answer.body)
    told = receipt(f"errcode {code} {said}")
    if code is None or code == 0:
        by_status = judged(answer)
        if by_status is not None:
            return by_status
    if code is None:
        return Heard("failed", "no errcode in the answer", is_unknown=True)
    if code == 0:
        return Heard("delivered", told)
    if code == -1:
        return Heard("failed", told, is_unknown=True)
    return Heard("refused", told, is_too_long=code in TOO_LONG, is_busy=code in BUSY)


def _errcode(body: bytes) -> tuple[int | None, str]:
    try:
        read = json.loads(body)
    except ValueError:  # not JSON, or not UTF-8
        return None, ""
    code = read.get("errcode") if isinstance(read, dict) else None
    if not isinstance(code, int) or isinstance(code, bool):
        return None, ""
    return code, str(read.get("errmsg", ""))[:500]
