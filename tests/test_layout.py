"""The house rules of the code: which room may look into which, what serving may import, where SQL lives, what must be written down."""

from __future__ import annotations

import ast
import io
import re
import subprocess
import sys
import tokenize
from pathlib import Path

import pytest

from tests.checkout import ROOT, below, imports, modules, texts, tracked

LONGEST, LONGEST_TEST = 400, 600
"""Lines of a module; one idea seldom needs more. Tests are lists of cases and may be longer."""

HEAVY = ("transformers", "sentence_transformers", "librosa", "sklearn", "matplotlib", "numba")
"""What training may use and serving must not wait for. (pandas, where it happens to be installed, is taken along by sqlite-utils.)"""

_SQL = re.compile(
    r"\b(select\s.+?\sfrom|insert\s+(or\s+\w+\s+)?into|delete\s+from|update\s+\w+\s+set|create\s+(table|index)|pragma\s+\w)", re.I | re.S
)
_EXCUSE = re.compile(r"(#\s*(?:noqa(?::\s*[A-Z0-9, ]+)?|type:\s*ignore(?:\[[\w\-, ]+\])?|pragma:\s*no cover))(.*)", re.I)


def _in(folder: str) -> list[tuple[Path, ast.Module]]:
    return [(path, tree) for path, tree in modules() if path.parts[0] == folder]


def test_the_engine_knows_nothing_of_discord() -> None:
    wrong = {
        str(path): sorted(found)
        for path, tree in _in("engine")
        if (found := {name for name in imports(tree) for room in ("bot", "discord", "tests", "benchmarks") if below(name, room)})
    }
    assert not wrong


@pytest.mark.parametrize(("module", "allowed"), [("engine/errors.py", ()), ("engine/affect.py", ("engine.errors",))])
def test_the_ground_floor_stands_on_nothing_above_it(module: str, allowed: tuple[str, ...]) -> None:
    used = {name for name in imports(dict(modules())[Path(module)]) if below(name, "engine")}
    assert not {name for name in used if not any(below(name, other) for other in allowed)}


def test_only_the_doors_import_the_assistant() -> None:
    doors = ("engine/cli", "engine/assistant", "engine/training", "engine/chat")
    wrong = [
        str(p) for p, tree in _in("engine") if any(below(n, "engine.assistant") for n in imports(tree)) and not str(p).startswith(doors)
    ]
    assert not wrong


def test_serving_never_imports_training() -> None:
    doors = ("engine/cli", "engine/training")
    wrong = [
        str(p) for p, tree in _in("engine") if any(below(n, "engine.training") for n in imports(tree)) and not str(p).startswith(doors)
    ]
    assert not wrong


def test_serving_imports_little() -> None:
    serving = [".".join(path.with_suffix("").parts) for path, _ in _in("engine") if path.parts[1:2] != ("training",)]
    names = sorted(name.removesuffix(".__init__") for name in serving if not name.endswith("__main__"))
    assert "engine.affect" in names
    program = f"import importlib, sys; [importlib.import_module(n) for n in {names!r}]; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert (done.stdout.strip(), done.returncode) == ("[]", 0), done.stderr[-2000:]


def test_sql_lives_in_the_catalogue_and_the_migrations() -> None:
    wrong = []
    for path, tree in [*_in("engine"), *_in("bot"), *_in("benchmarks")]:
        if path.parts[:2] == ("engine", "catalogue"):
            continue
        drivers = {name for name in imports(tree) if below(name, "sqlite3") or below(name, "sqlite_utils")}
        documents = {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        statements = [
            node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in documents and _SQL.search(node.value)
        ]
        if drivers or statements:
            wrong.append((str(path), sorted(drivers), statements))
    assert not wrong


@pytest.mark.parametrize(
    ("statement", "is_sql"),
    [
        ("select id from tracks", True),
        ("INSERT OR IGNORE INTO votes", True),
        ("pragma journal_mode", True),
        ("update tracks set title = ?", True),
        ("Select a song, then press Enter", False),
        ("update the index from the catalogue", False),
    ],
)
def test_the_sql_pattern_knows_sql_from_prose(statement: str, is_sql: bool) -> None:
    assert bool(_SQL.search(statement)) is is_sql


def test_every_module_says_what_it_is_for() -> None:
    silent = [str(path) for path, tree in modules() if tree.body and not path.name.startswith("test_") and not ast.get_docstring(tree)]
    assert not silent


def test_every_public_name_is_documented() -> None:
    silent = []
    for path, tree in [*_in("engine"), *_in("benchmarks"), *_in("migrations")]:
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                members = [member for member in node.body if isinstance(member, (ast.FunctionDef, ast.AsyncFunctionDef))]
                silent += [f"{path}: {node.name}"] * (not ast.get_docstring(node))
                silent += [
                    f"{path}: {node.name}.{m.name}"
                    for m in members
                    if not m.name.startswith("_") and not ast.get_docstring(m) and not _short_hand(m)
                ]
            elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and not node.name.startswith("_"):
                silent += [f"{path}: {node.name}"] * (not ast.get_docstring(node))
    assert not silent


def _short_hand(method: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """What a base class already documents: torch's ``forward``, and overrides and overloads that say so."""
    marks = {decorator.id for decorator in method.decorator_list if isinstance(decorator, ast.Name)}
    return method.name == "forward" or bool(marks & {"override", "overload"})


def test_no_module_outgrows_its_idea() -> None:
    counted = [(path, text.count("\n")) for path, text in texts(".py")]
    assert not [(str(path), lines) for path, lines in counted if lines > (LONGEST_TEST if path.parts[0] == "tests" else LONGEST)]


def _comments(text: str) -> list[tuple[int, str]]:
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return [(token.start[0], token.string) for token in tokens if token.type == tokenize.COMMENT]


def test_every_silenced_check_gives_its_reason() -> None:
    bare = [
        f"{path}:{line}"
        for path, text in texts(".py")
        for line, comment in _comments(text)
        if (match := _EXCUSE.search(comment)) and len(re.sub(r"[^a-z]", "", match[2].lower())) < 5
    ]
    assert not bare


def test_nothing_is_left_for_later() -> None:
    marks = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
    left = [f"{path}:{text[: found.start()].count(chr(10)) + 1}" for path, text in texts() if (found := marks.search(text))]
    assert not left


def test_tests_mirror_the_engine() -> None:
    folders = {path.parent for path, _ in _in("engine")}
    tests = [path.relative_to("tests") for path in tracked() if path.parts[:2] == ("tests", "engine") and path.name.startswith("test_")]
    assert tests
    assert not [str(test) for test in tests if test.parent not in folders]
