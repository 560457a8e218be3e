"""How often one caller without a key may ask.

Every caller has a bucket of tokens that fills at a rate; it is kept as one number, the moment
at which it will be full again. Who was not seen for as long as a bucket takes to fill has a
full one, so nothing is lost where the callers longest away are forgotten.
"""

from collections import OrderedDict
from ipaddress import IPv6Address, ip_address
from typing import Final

BURST: Final = 4
"""Seconds of the rate that a caller may ask for at once: a page, its list, a few look-ups."""

CALLERS_MAX: Final = 10_000
"""Callers remembered: two megabytes. Where more ask within seconds, limit before us."""

_NETWORK_BITS: Final = 64
"""One household or office has so much of an IPv6 address to itself."""


class Throttle:
    """Buckets of tokens, one for each caller."""

    def __init__(self, rate: int, *, callers_max: int = CALLERS_MAX) -> None:
        """Take the tokens of a second; 0 lets everything through."""
        self._rate = rate
        self._callers_max = callers_max
        self._full_at: OrderedDict[str, float] = OrderedDict()

    def wait_s(self, caller: str, now: float) -> float:
        """Take a token and return 0, or return the seconds until there will be one."""
        if self._rate == 0:
            return 0.0
        full_at = max(self._full_at.pop(caller, now), now) + 1 / self._rate
        wait_s = full_at - now - BURST
        if wait_s > _A_TICK:
            self._full_at[caller] = full_at - 1 / self._rate
            return wait_s
        self._full_at[caller] = full_at
        if len(self._full_at) > self._callers_max:
            self._full_at.popitem(last=False)
        return 0.0

    def __len__(self) -> int:
        """Return how many callers are remembered."""
        return len(self._full_at)


_A_TICK: Final = 1e-6
"""Less than any wait: what adding up fractions of a second may be off by."""


def caller_of(host: str | None) -> str:
    """Return whom an address stands for: itself, or its network where a caller has a whole one.

    >>> caller_of("2001:db8::7"), caller_of("::ffff:192.0.2.1"), caller_of("192.0.2.1")
    ('2001:db8::', '192.0.2.1', '192.0.2.1')
    """
    try:
        address = ip_address(host or "")
    except ValueError:
        return host or ""
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    shift = address.max_prefixlen - _NETWORK_BITS
    return str(IPv6Address(int(address) >> shift << shift))
