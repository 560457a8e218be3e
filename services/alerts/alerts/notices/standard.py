"""A bureau's own system, by Standard Webhooks: signed, and idempotent by `webhook-id`.

The id is the notice's, so that a try that may have arrived can be repeated without harm.
"""

import json
from dataclasses import dataclass
from datetime import UTC

import httpx
from standardwebhooks import Webhook

from alerts.notices.channels import Channel
from alerts.notices.packing import shown
from alerts.notices.wire import Answer, Heard, Message, judged, post, receipt
from shared.time import rfc3339

TYPE = "alerts.notice"


@dataclass(frozen=True, slots=True)
class StandardWebhook:
    """Sends to systems that check Standard Webhooks signatures."""

    http: httpx.AsyncClient

    async def send(self, channel: Channel, message: Message) -> Heard:
        """Send a notice, as a text and as the values it is made of."""
        at = message.at.astimezone(UTC)  # the library takes the digits of any other zone for UTC
        named = str(message.notice_id)
        body = _body(channel, message)
        signature = Webhook(channel.secret.get_secret_value()).sign(named, at, body)
        headers = {
            "Content-Type": "application/json",
            "webhook-id": named,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": signature,
        }
        url = httpx.URL(str(channel.url))
        return _heard(await post(self.http, url, body.encode(), headers))


def _body(channel: Channel, message: Message) -> str:
    """Return the body; where all its blocks are more than is taken, the text alone."""
    told = {"notice_id": str(message.notice_id), "text": message.text, **shown(message.notice)}
    said = {"type": TYPE, "timestamp": rfc3339(message.at), "data": told}
    body = json.dumps(said, ensure_ascii=False)
    if len(body.encode()) <= channel.limit.part:
        return body
    return json.dumps({**said, "data": {**told, "blocks": []}}, ensure_ascii=False)


def _heard(answer: Answer | Heard) -> Heard:
    if isinstance(answer, Heard):
        return answer
    return judged(answer) or Heard("delivered", receipt(f"HTTP {answer.status}"))
