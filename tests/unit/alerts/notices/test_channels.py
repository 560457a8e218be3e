"""The file of channels: what stops a process at its start, and who is told of what."""

from importlib.resources import as_file, files
from pathlib import Path

import pytest
import yaml

from alerts.domain.notices import MARKDOWN, PLAIN, SPACED
from alerts.domain.outcome import Severity
from alerts.notices.channels import Channel, read_channels
from shared.errors import StartupRefused

WECOM = {
    "name": "county",
    "kind": "wecom",
    "url": "https://robot.example/send",
    "token_env": "KEY",
}
ENVIRON = {"KEY": "secret-key", "SIGN": "whsec_c2VjcmV0LXNlY3JldA=="}


def read(tmp_path: Path, *channels: dict[str, object], production: bool = True) -> list[Channel]:
    path = tmp_path / "channels.yaml"
    path.write_text(yaml.safe_dump({"channels": list(channels)}), encoding="utf-8")
    return list(read_channels(str(path), ENVIRON, encrypted_only=production))


def test_no_file_is_no_channel() -> None:
    assert list(read_channels(None, {}, encrypted_only=True)) == []


def test_the_example_is_a_file_of_channels() -> None:
    named = ("COUNTY_GROUP_KEY", "CITY_GROUP_TOKEN", "CITY_GROUP_SECRET", "MAIL_PASSWORD")
    environ = {**dict.fromkeys(named, "x"), "BUREAU_WEBHOOK_SECRET": ENVIRON["SIGN"]}
    with as_file(files("alerts.notices") / "channels.example.yaml") as path:
        found = read_channels(str(path), environ, encrypted_only=True)
    assert [one.kind for one in found] == ["wecom", "dingtalk", "webhook", "mail"]


def test_secrets_come_from_the_environment_and_are_never_shown(tmp_path: Path) -> None:
    (channel,) = read(tmp_path, WECOM)
    assert channel.token.get_secret_value() == "secret-key"
    assert "secret-key" not in repr(channel)
    assert "secret-key" not in channel.model_dump_json()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"kind": "pager"}, "kind"),
        ({"url": None}, "needs url and token_env"),
        ({"token_env": None}, "needs url and token_env"),
        ({"kind": "mail"}, "needs mail"),
        ({"kind": "webhook"}, "needs url and secret_env"),
        ({"kind": "webhook", "secret_env": "KEY"}, "must be whsec_ and base64"),
        ({"token_env": "OTHER"}, "set OTHER in the environment"),
        ({"url": "http://robot.example/send"}, "use https or TLS"),
        ({"severities": ["red"]}, "severities"),
        ({"district_code": "3206"}, "district_code"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_is_wrong_with_the_file_is_named(
    tmp_path: Path, changes: dict[str, object], said: str
) -> None:
    with pytest.raises(StartupRefused, match=said) as refused:
        read(tmp_path, {**WECOM, **changes})
    assert "secret-key" not in str(refused.value)


def test_two_channels_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(StartupRefused, match="same name"):
        read(tmp_path, WECOM, WECOM)


def test_a_file_that_is_not_there_or_no_yaml_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text("channels: [", encoding="utf-8")
    for path in (tmp_path / "none.yaml", broken):
        with pytest.raises(StartupRefused, match="cannot be read"):
            read_channels(str(path), {}, encrypted_only=True)


def test_outside_production_nothing_need_be_encrypted(tmp_path: Path) -> None:
    (channel,) = read(tmp_path, {**WECOM, "url": "http://127.0.0.1:1/send"}, production=False)
    assert channel.url == "http://127.0.0.1:1/send"


def test_mail_without_encryption_is_refused_in_production(tmp_path: Path) -> None:
    mailing = {"host": "h.example", "security": "none", "sender": "a@b.c", "recipients": ["d@e.f"]}
    with pytest.raises(StartupRefused, match="use https or TLS"):
        read(tmp_path, {"name": "mail", "kind": "mail", "mail": mailing})


@pytest.mark.parametrize(
    ("changes", "limit", "style"),
    [
        ({}, 4_096, MARKDOWN),
        ({"form": "text"}, 2_048, PLAIN),
        ({"kind": "dingtalk"}, 19_000, SPACED),
        ({"kind": "webhook", "secret_env": "SIGN"}, 200_000, PLAIN),
    ],
)
def test_each_kind_has_its_limit_and_its_way_of_marking(
    changes: dict[str, object], limit: int, style: object
) -> None:
    channel = Channel.model_validate({**WECOM, **changes})
    assert channel.limit.part == limit
    assert channel.style is style


def test_a_channel_wants_its_severities_and_alerts() -> None:
    channel = Channel.model_validate({**WECOM, "alerts": ["A"], "severities": ["critical"]})
    assert channel.wants("A", Severity.critical)
    assert not channel.wants("A", Severity.warning)
    assert not channel.wants("B", Severity.critical)


def test_a_city_is_told_of_its_counties_and_no_other() -> None:
    channel = Channel.model_validate({**WECOM, "district_code": "320600"})
    assert channel.covers("320602")
    assert not channel.covers("320102")
    assert not channel.covers("")
