"""The rules that no linter has: each a small function from a source to its findings.

A rule is a name in `ADVICE`, whose sentence says what to do instead.
"""

import ast
import re
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

LINE_MAX = 100
FUNCTION_MAX = 60
MODULE_MAX = 400
SQL_MAX = 60
DECISION_MAX = 60

ADVICE = {
    "syntax": "write it in the Python that the project promises, 3.11",
    "line-length": f"break the line: {LINE_MAX} characters at most",
    "module-length": f"split the module: {MODULE_MAX} lines at most",
    "function-length": f"split the function: {FUNCTION_MAX} lines at most",
    "module-docstring": "open the module with a docstring that says what it promises",
    "banned-name": "choose the word that says what it is; the glossary has it",
    "banned-module": "name the module for its one idea",
    "clock": "take the time from the database, or from shared.time",
    "inexact": "money and ratios are whole numbers: fen and basis points",
    "print": "log it; only a __main__ or commands module prints",
    "bare-except": "name the exception",
    "commit": "let database.begin() commit; only shared/pg does it by hand",
    "remote-call": "make the call after the transaction, never inside it",
    "fen": "end the name of an integer amount of money with _fen",
    "sql-institution": "name institution_id, or allow this rule and say why it is not needed",
    "sql-header": "open with a comment: purpose, locks, indexes, what bounds the rows",
    "sql-one-statement": "keep one statement in a file",
    "sql-length": f"shorten the statement: {SQL_MAX} lines at most",
    "todo": "do it, or write it down as an issue and link it",
    "refusal": "give this refusal a row in a unit test",
    "decision": "add a line `Enforced by`: the contract, test or constraint",
    "decision-length": f"keep a decision to one page: {DECISION_MAX} lines at most",
    "package-index": "leave the address of a package index out of the repository",
    "machine-path": "leave the path of one machine out of the repository",
}

_BANNED = frozenset(
    {"process", "handle", "manage", "do", "data", "info", "item"}
    | {"util", "helper", "common", "base", "misc", "temp", "flag"}
)
_BANNED_NAME = re.compile(r"(^new_|^my_|_v2$|Manager$|Handler$|Helper$)")
# `new_id` makes one; the law's three flags are called flags; the wire's items have ids.
_OUR_WORDS = frozenset({"new_id", "Flag"})
_BANNED_MODULES = frozenset({"utils", "util", "helpers", "helper", "common", "base", "misc"})
_MONEY_NAME = re.compile(r"(^|_)(amount|balance|fee|price|tuition|total_yuan)$")
_ALLOW = re.compile(r"(?:#|--) tidy: allow ([a-z-]+) - \S")
_INDEX = re.compile(
    r"pypi\.org|files\.pythonhosted|registry\.npmjs"
    r"|--(extra-)?index-url"  # tidy: allow package-index - this is the rule
)
_MACHINE = re.compile(r"(?<![\w.])/(home|Users|work|root/\.\w+)/[\w.-]+")
_CODE = ("shared/", "services/", "deploy/sandbox/")
_PLAIN = {".py", ".sql", ".md", ".toml", ".yaml", ".yml", ".json", ".lock", ".sh", ""}
_UNBOUND = {".lock", ".md", ".json", ""}


@dataclass(frozen=True, slots=True)
class Source:
    """One tracked file, by its path from the root."""

    path: Path
    text: str

    @property
    def is_service_code(self) -> bool:
        """Whether this is code that runs outside the tests."""
        return self.path.suffix == ".py" and str(self.path).startswith(_CODE)


@dataclass(frozen=True, slots=True)
class Finding:
    """One line that breaks one rule."""

    path: Path
    line: int
    rule: str
    subject: str

    def __str__(self) -> str:
        """Say where, what, and what to do."""
        return f"{self.path}:{self.line}: {self.subject}: {ADVICE[self.rule]} [{self.rule}]"


Found = Iterator[tuple[int, str, str]]


def tracked(root: Path) -> list[Source]:
    """Return every tracked text file that is there."""
    listed = subprocess.run(
        ["git", "-C", str(root), "ls-files", "-z"], capture_output=True, text=True, check=True
    ).stdout.split("\0")
    paths = [Path(name) for name in listed if name and Path(name).suffix in _PLAIN]
    return [Source(path, (root / path).read_text()) for path in paths if (root / path).is_file()]


def check(sources: Sequence[Source]) -> list[Finding]:
    """Return what breaks a rule, in the order of the files."""
    findings = []
    for source in sources:
        lines = source.text.splitlines()
        for rule_of in _rules_for(source):
            for line, rule, subject in rule_of(source):
                allowed = _ALLOW.search(lines[line - 1]) if 0 < line <= len(lines) else None
                if allowed is None or allowed[1] != rule:
                    findings.append(Finding(source.path, line, rule, subject))
    return findings + list(_untested_refusals(sources))


def _rules_for(source: Source) -> list[Callable[[Source], Found]]:
    chosen: list[Callable[[Source], Found]] = [_lines]
    if source.path.suffix == ".py":
        chosen += [_syntax, _module]
    if source.is_service_code:
        chosen.append(_code)
    if source.path.match("ledger/sql/*.sql"):
        chosen.append(_sql)
    if source.path.match("decisions/[0-9]*.md"):
        chosen.append(_decision)
    return chosen


def _lines(source: Source) -> Found:
    is_bound = source.path.suffix not in _UNBOUND
    for number, line in enumerate(source.text.splitlines(), start=1):
        if is_bound and len(line) > LINE_MAX:
            yield number, "line-length", f"{len(line)} characters"
        if source.path.suffix in {".py", ".sql"} and re.search(r"(#|--) *(TODO|FIXME|XXX)", line):
            yield number, "todo", "unfinished"
        if found := _INDEX.search(line):
            yield number, "package-index", found[0]
        if found := _MACHINE.search(line):
            yield number, "machine-path", found[0]


def _tree(source: Source) -> ast.Module:
    """Parse a module; one that does not parse is found by the rule `syntax` alone."""
    try:
        return ast.parse(source.text)
    except SyntaxError:
        return ast.Module(body=[ast.Expr(ast.Constant("unreadable"))], type_ignores=[])


def _syntax(source: Source) -> Found:
    try:
        ast.parse(source.text)
    except SyntaxError as error:
        yield error.lineno or 0, "syntax", error.msg


def _module(source: Source) -> Found:
    tree = _tree(source)
    length = len(source.text.splitlines())
    if length > MODULE_MAX:
        yield 0, "module-length", f"{length} lines"
    if source.text.strip() and ast.get_docstring(tree) is None:
        yield 1, "module-docstring", "none"
    if source.path.stem in _BANNED_MODULES:
        yield 0, "banned-module", source.path.name
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > FUNCTION_MAX:
                yield node.lineno, "function-length", f"{node.name} has {length}"


def _code(source: Source) -> Found:
    path = str(source.path)
    is_edge = source.path.name in {"__main__.py", "commands.py"}
    for node in ast.walk(_tree(source)):
        yield from _names(node)
        yield from _money(node)
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            if called.endswith(("datetime.now", "date.today", "datetime.utcnow")):
                if not path.endswith("shared/time.py"):
                    yield node.lineno, "clock", called
            elif called in {"float", "Decimal", "decimal.Decimal"}:
                yield node.lineno, "inexact", called
            elif called == "print" and not is_edge:
                yield node.lineno, "print", called
            elif called.endswith(".commit") and "shared/pg/" not in path:
                yield node.lineno, "commit", called
        elif isinstance(node, ast.ExceptHandler) and node.type is None:
            yield node.lineno, "bare-except", "except:"
        elif isinstance(node, ast.AsyncWith):
            yield from _remote_calls(node)


def _names(node: ast.AST) -> Found:
    """Find banned words in what this code names itself."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        named = [(node.lineno, node.name)]
    elif isinstance(node, ast.arg):
        named = [(node.lineno, node.arg)]
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        named = [(node.lineno, node.id)]
    else:
        return
    for line, name in named:
        words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower().split("_")
        if name in _OUR_WORDS or name.endswith("item_id"):
            continue
        if _BANNED & set(words) or _BANNED_NAME.search(name):
            yield line, "banned-name", name


def _money(node: ast.AST) -> Found:
    """Find integer fields that hold money and do not say so."""
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        name, kind = node.target.id, ast.unparse(node.annotation)
    else:
        return
    if _MONEY_NAME.search(name) and kind in {"int", "int | None"}:
        yield node.lineno, "fen", name


def _remote_calls(block: ast.AsyncWith) -> Found:
    """Find calls to a bank or another service inside `async with database.begin()`."""
    if not any(".begin(" in ast.unparse(opened.context_expr) for opened in block.items):
        return
    for node in ast.walk(block):
        if isinstance(node, ast.Await) and isinstance(node.value, ast.Call):
            called = ast.unparse(node.value.func)
            if re.match(r"(self\.)?_?(client|bank|http|transport)\.", called):
                yield node.lineno, "remote-call", called


def _sql(source: Source) -> Found:
    lines = source.text.splitlines()
    statement = "\n".join(line.partition("--")[0] for line in lines).strip()
    if len(lines) > SQL_MAX:
        yield 0, "sql-length", f"{len(lines)} lines"
    if not lines or not lines[0].startswith("--"):
        yield 1, "sql-header", "none"
    if "institution_id" not in statement and "tidy: allow sql-institution - " not in source.text:
        yield 0, "sql-institution", "not named"
    if ";" in statement.rstrip(";"):
        yield 0, "sql-one-statement", "more than one"


def _decision(source: Source) -> Found:
    if "Enforced by" not in source.text:
        yield 0, "decision", "nothing enforces it"
    length = len(source.text.splitlines())
    if length > DECISION_MAX:
        yield 0, "decision-length", f"{length} lines"


def _untested_refusals(sources: Sequence[Source]) -> Iterator[Finding]:
    """Find members of `Refusal` whose value no unit test spells."""
    tests = "\n".join(s.text for s in sources if str(s.path).startswith("tests/unit/"))
    for source in sources:
        if not source.path.match("domain/outcomes.py"):
            continue
        for node in ast.walk(_tree(source)):
            if isinstance(node, ast.ClassDef) and node.name == "Refusal":
                for member in node.body:
                    if isinstance(member, ast.Assign) and isinstance(member.value, ast.Constant):
                        code = str(member.value.value)
                        if not re.search(rf"\b{re.escape(code)}\b", tests, re.IGNORECASE):
                            yield Finding(source.path, member.lineno, "refusal", code)
