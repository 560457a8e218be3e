"""The folder `.data`: one launcher at a time, files written whole and closed to others."""

from pathlib import Path

import pytest

from sandbox.failures import LaunchFailed
from sandbox.folder import Folder, holder, read_json, take_lock, write_whole


def test_a_second_launcher_says_that_one_runs(tmp_path: Path) -> None:
    folder = Folder(tmp_path / ".data")
    with take_lock(folder), pytest.raises(LaunchFailed, match="already runs here"):
        take_lock(folder)


def test_the_holder_is_known_until_it_lets_go(tmp_path: Path) -> None:
    folder = Folder(tmp_path / ".data")
    assert holder(folder) is None
    with take_lock(folder):
        assert holder(folder) is not None
    assert holder(folder) is None


def test_files_are_whole_and_closed_to_others(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.json"
    write_whole(path, {"name": "示例"})
    assert read_json(path) == {"name": "示例"}
    assert path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["sandbox.json"]


def test_a_missing_file_holds_nothing(tmp_path: Path) -> None:
    assert read_json(tmp_path / "none.json") == {}


def test_the_folder_is_made_closed_and_an_old_scripts_file_goes(tmp_path: Path) -> None:
    folder = Folder(tmp_path / ".data")
    folder.root.mkdir()
    folder.scripts_file.write_text("{}")
    folder.prepare()
    assert folder.root.stat().st_mode & 0o777 == 0o700
    assert not folder.scripts_file.exists()


def test_the_tail_of_a_log_is_short(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    log.write_text("\n".join(str(n) for n in range(100)))
    assert LaunchFailed("It broke.", log).tail.splitlines()[-1] == "99"
    assert len(LaunchFailed("It broke.", log).tail.splitlines()) == 15
    assert LaunchFailed("It broke.").tail == ""
