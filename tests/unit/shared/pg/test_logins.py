"""A service's login: its password follows from the owner's, and from nothing that anybody knows."""

import pytest

from shared.errors import StartupRefused
from shared.pg.logins import login_url


def test_each_role_has_a_password_of_its_own() -> None:
    owner = "postgresql://owner:secret@db.test:5432/yike"
    escrow, registry = (login_url(owner, role) for role in ("yike_escrow", "yike_registry"))
    assert escrow.startswith("postgresql://yike_escrow:")
    assert escrow.endswith("@db.test:5432/yike")
    assert escrow == login_url(owner, "yike_escrow"), "found again by whoever knows the owner's"
    assert escrow.split(":")[2] != registry.split(":")[2]
    assert escrow != login_url(owner.replace("secret", "other"), "yike_escrow")
    assert "secret" not in escrow


@pytest.mark.parametrize("owner", ["owner@db.test", "owner:@db.test", "db.test"])
def test_an_owner_without_a_password_is_refused(owner: str) -> None:
    """What is derived from a name, everybody can derive."""
    with pytest.raises(StartupRefused, match="ALTER ROLE"):
        login_url(f"postgresql://{owner}:5432/yike", "yike_escrow")
