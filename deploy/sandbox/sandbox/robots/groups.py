"""The group robots: 企业微信 and 钉钉, with their keys, lengths, rates and signatures.

Both answer HTTP 200 whatever happened: what counts is `errcode`.
"""

import base64
import hashlib
import hmac
import json
import time
from typing import Any, Final

from fastapi import APIRouter, FastAPI, Request
from pydantic import BaseModel, ConfigDict, Field

from sandbox.robots.desk import Desk, Received
from sandbox.robots.faults import Fault, Place

WECOM_BYTES: Final = {"text": 2_048, "markdown": 4_096}
DINGTALK_BYTES: Final = 20_000
SIGNED_MS: Final = 3_600_000
"""A signature of 钉钉's holds for an hour."""

WECOM_KEY: Final = "sandbox-wecom-key"
DINGTALK_TOKEN: Final = "sandbox-dingtalk-token"  # noqa: S105 - no secret: made up, and shown
DINGTALK_SECRET: Final = "SECsandboxdingtalk"  # noqa: S105 - the same

router = APIRouter()

Answer = dict[str, Any]


class Content(BaseModel):
    """The text of a message."""

    model_config = ConfigDict(extra="ignore")

    content: str = ""
    title: str = ""
    text: str = ""


class Posted(BaseModel):
    """A message to a group."""

    model_config = ConfigDict(extra="ignore")

    msgtype: str = Field(pattern="^(text|markdown)$")
    text: Content = Content()
    markdown: Content = Content()

    @property
    def content(self) -> Content:
        """Return the part that the message's kind names."""
        return self.markdown if self.msgtype == "markdown" else self.text


def include(app: FastAPI) -> None:
    """Put the routes on an application."""
    app.include_router(router)


def desk_of(request: Request) -> Desk:
    """Return what the robots remember."""
    desk: Desk = request.app.state.desk
    return desk


@router.post("/cgi-bin/webhook/send")
async def send_wecom(request: Request, key: str = "") -> Answer:
    """Take a message for a group of 企业微信."""
    desk = desk_of(request)
    if key != WECOM_KEY:
        return _refusal(desk, 93000, "invalid webhook url")
    posted = Posted.model_validate_json(await request.body())
    size = len(posted.content.content.encode())
    if size > WECOM_BYTES[posted.msgtype] or _strikes(desk, Fault.TOO_LONG, "wecom"):
        limit = WECOM_BYTES[posted.msgtype]
        return _refusal(desk, 40058, f"exceed max length {limit}. invalid Request Parameter")
    if desk.is_over_rate(f"wecom:{key}") or _strikes(desk, Fault.RATE_LIMITED, "wecom"):
        return _refusal(desk, 45009, "api freq out of limit")
    if _strikes(desk, Fault.REFUSED, "wecom"):
        return _refusal(desk, 93000, "invalid webhook url")
    text = posted.content.content
    desk.keep(Received(place="wecom", form=posted.msgtype, text=text, bytes=size))
    return {"errcode": 0, "errmsg": "ok"}


@router.post("/robot/send")
async def send_dingtalk(
    request: Request, access_token: str = "", timestamp: str = "", sign: str = ""
) -> Answer:
    """Take a message for a group of 钉钉."""
    desk = desk_of(request)
    if access_token != DINGTALK_TOKEN:
        return _refusal(desk, 300001, "token is not exist")
    if not is_signed(timestamp, sign, int(time.time() * 1_000)):
        return _refusal(desk, 310000, "sign not match")
    raw = await request.body()
    if len(raw) > DINGTALK_BYTES or _strikes(desk, Fault.TOO_LONG, "dingtalk"):
        return _refusal(desk, 460101, "message too long, exceed 20000 bytes")
    if desk.is_over_rate(f"dingtalk:{access_token}") or _strikes(
        desk, Fault.RATE_LIMITED, "dingtalk"
    ):
        return _refusal(desk, 130101, "send too fast, exceed 20 times per minute")
    if _strikes(desk, Fault.REFUSED, "dingtalk"):
        return _refusal(desk, 300001, "token is not exist")
    posted = Posted.model_validate_json(raw)
    text = posted.content.text or posted.content.content
    desk.keep(
        Received(
            place="dingtalk",
            form=posted.msgtype,
            title=posted.content.title,
            text=text,
            bytes=len(raw),
            body=json.loads(raw),
        )
    )
    return {"errcode": 0, "errmsg": "ok"}


def is_signed(timestamp: str, sign: str, now_ms: int) -> bool:
    """Tell whether a message was signed with the robot's secret within the hour."""
    if not timestamp.isdigit() or abs(now_ms - int(timestamp)) > SIGNED_MS:
        return False
    said = f"{timestamp}\n{DINGTALK_SECRET}".encode()
    expected = hmac.new(DINGTALK_SECRET.encode(), said, hashlib.sha256).digest()
    return hmac.compare_digest(base64.b64encode(expected).decode(), sign)


def _strikes(desk: Desk, fault: Fault, place: Place) -> bool:
    return desk.dice.strikes(fault, place)


def _refusal(desk: Desk, code: int, said: str) -> Answer:
    desk.reject(code)
    return {"errcode": code, "errmsg": f"{said}, hint: [made up]"}
