"""Settings: frozen, from the environment, masked where they are shown."""

from typing import Any

import pytest
from pydantic import SecretStr, ValidationError
from pydantic_settings import SettingsConfigDict

from shared.settings import MASK, Environment, ServiceSettings
from tests.support.tables import cases


class Tried(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="TRIED_")

    database_url: str = "postgresql://yike:s3cret@127.0.0.1/yike"
    bank_key: str = "s3cret"
    empty_key: str = ""
    token: SecretStr = SecretStr("s3cret")
    port: int = 8001


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Tried.model_fields:
        monkeypatch.delenv(f"TRIED_{name.upper()}", raising=False)


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIED_PORT", "9")
    monkeypatch.setenv("TRIED_ENVIRONMENT", "sandbox")
    settings = Tried()
    assert (settings.port, settings.environment) == (9, Environment.sandbox)


def test_where_nothing_is_said_it_is_production() -> None:
    assert Tried().environment is Environment.production


def test_settings_do_not_change() -> None:
    settings: Any = Tried()
    with pytest.raises(ValidationError):
        settings.port = 1


# name                value
WRONG = """
  TRIED_ENVIRONMENT   prod
  TRIED_LOG_LEVEL     loud
  TRIED_PORT          x
"""


@cases(WRONG)
def test_a_wrong_setting_stops_the_start(monkeypatch: pytest.MonkeyPatch, row: list[str]) -> None:
    monkeypatch.setenv(*row)
    with pytest.raises(ValidationError):
        Tried()


def test_a_wrong_setting_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIED_PORT", "s3cret")
    with pytest.raises(ValidationError) as caught:
        Tried()
    assert "s3cret" not in str(caught.value)


def test_secrets_are_masked() -> None:
    shown = Tried().masked()
    assert "s3cret" not in str(shown)
    assert shown == {
        "TRIED_ENVIRONMENT": "production",
        "TRIED_LOG_LEVEL": "info",
        "TRIED_DATABASE_URL": f"postgresql://yike:{MASK}@127.0.0.1/yike",
        "TRIED_BANK_KEY": MASK,
        "TRIED_EMPTY_KEY": "",
        "TRIED_TOKEN": MASK,
        "TRIED_PORT": "8001",
    }


def test_a_misspelt_variable_is_found() -> None:
    environ = {"TRIED_PROT": "1", "TRIED_PORT": "1", "OTHER": "1"}
    assert Tried.unknown_variables(environ) == ["TRIED_PROT"]
    assert ServiceSettings.unknown_variables(environ) == []


def test_every_field_has_a_sentence() -> None:
    for field in ServiceSettings.model_fields.values():
        assert (field.description or "").endswith(".")
