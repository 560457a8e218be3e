"""One import for routes that read their own body."""

from shared.web import limits


def test_all_that_is_promised_is_there() -> None:
    assert all(hasattr(limits, name) for name in limits.__all__)
