"""The figures of sending: by the kind of channel and by closed words, never by channel."""

from typing import Final

from prometheus_client import Counter

KINDS: Final = ("wecom", "dingtalk", "mail", "webhook")
RESULTS: Final = ("delivered", "refused", "failed", "given_up")

DELIVERIES: Final = Counter(
    "tuition_alerts_deliveries_total",
    "Messages to people: delivered, refused by the other side, failed without a clear answer,"
    " or given up.",
    ["channel", "result"],
)


def begin() -> None:
    """Show zeros for what has not happened yet, so that silence is a number."""
    for kind in KINDS:
        for result in RESULTS:
            DELIVERIES.labels(kind, result)


def count(kind: str, result: str, number: int = 1) -> None:
    """Count messages of one kind of channel."""
    DELIVERIES.labels(kind, result).inc(number)
