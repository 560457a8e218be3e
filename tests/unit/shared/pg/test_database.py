"""What is no database's URL is refused with a sentence, and without repeating a password."""

import pytest

from shared.errors import StartupRefused
from shared.pg.database import Database


@pytest.mark.parametrize("url", ["nonsense", "postgresql://u:s3cret@host:port/yike", ""])
def test_what_cannot_be_read_is_refused(url: str) -> None:
    with pytest.raises(
        StartupRefused, match="postgresql://user:password@host:port/name"
    ) as refused:
        Database(url, application="tests")
    assert "s3cret" not in str(refused.value)
    assert refused.value.__cause__ is None
