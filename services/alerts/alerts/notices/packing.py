"""Notices as they lie in the outbox: plain JSON, and back."""

import json
from typing import Any

from alerts.domain.notices import Block, Notice
from alerts.domain.outcome import Severity


def packed(notice: Notice) -> str:
    """Return a notice as JSON."""
    return json.dumps(shown(notice), ensure_ascii=False)


def shown(notice: Notice) -> dict[str, Any]:
    """Return a notice as plain values, as a bureau's own system gets it."""
    return {
        "title": notice.title,
        "topic": notice.topic,
        "severity": notice.severity.value,
        "counts": dict(notice.counts),
        "url": notice.url,
        "blocks": [
            {
                "severity": one.severity.value,
                "head": one.head,
                "lines": list(one.lines),
                "url": one.url,
                "is_over": one.is_over,
            }
            for one in notice.blocks
        ],
    }


def unpacked(body: str) -> Notice:
    """Return the notice that JSON of ours holds."""
    read = json.loads(body)
    blocks = tuple(
        Block(
            Severity(one["severity"]), one["head"], tuple(one["lines"]), one["url"], one["is_over"]
        )
        for one in read["blocks"]
    )
    return Notice(read["topic"], blocks, read["counts"], read["url"])
