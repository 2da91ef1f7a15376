"""The checkout as the layout and document tests see it: its tracked files and their texts."""

from __future__ import annotations

import ast
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_BINARY = {".safetensors", ".npz", ".png", ".faiss", ".bin"}


@cache
def tracked() -> tuple[Path, ...]:
    """Every tracked file that is there, as paths relative to the checkout."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()  # noqa: S607 - git is where it is
    return tuple(Path(name) for name in sorted(listed.split("\0")) if name and (ROOT / name).is_file())


def texts(*endings: str) -> list[tuple[Path, str]]:
    """Tracked text files (those with one of ``endings``, or all) and what is in them."""
    chosen = [path for path in tracked() if (path.suffix in endings if endings else path.suffix not in _BINARY)]
    return [(path, (ROOT / path).read_text(encoding="utf-8")) for path in chosen]


@cache
def modules() -> tuple[tuple[Path, ast.Module], ...]:
    """Every tracked Python file and its syntax tree."""
    return tuple((path, ast.parse(text, str(path))) for path, text in texts(".py"))


def imports(tree: ast.AST) -> set[str]:
    """Dotted names of all modules a syntax tree imports, wherever in the file; ``from a import b`` gives ``a`` and ``a.b``."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


def below(name: str, package: str) -> bool:
    """Whether the module ``name`` is ``package`` or inside it."""
    return name == package or name.startswith(package + ".")
