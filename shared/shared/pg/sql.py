"""Statements kept in files: one file, one statement, one header that says why."""

from functools import cache
from importlib.resources import files


@cache
def statement(package: str, name: str) -> str:
    """Return the statement in `<package>/<name>.sql`, header comments included."""
    return files(package).joinpath(f"{name}.sql").read_text(encoding="utf-8")
