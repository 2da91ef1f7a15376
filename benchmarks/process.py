"""Fresh Python processes on a home of their own: for cold starts, and for memory nothing else has touched."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parent.parent


def environment(home: Path) -> dict[str, str]:
    """The environment of a server with default settings, whose data lie in ``home``."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("EMOJUKE_")}
    return {**kept, "EMOJUKE_HOME": str(home), "PYTHONPATH": str(CHECKOUT)}


def run(arguments: Sequence[str], home: Path) -> tuple[float, str]:
    """Run ``python <arguments>`` to its end.

    Returns:
        Wall seconds from start to exit, and what it wrote to standard output.

    Raises:
        RuntimeError: when it failed; carries the end of its standard error.
    """
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *arguments], env=environment(home), cwd=home, capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    took = time.perf_counter() - started
    if done.returncode != 0:
        raise RuntimeError(f"python {' '.join(arguments)} ended with {done.returncode}: {done.stderr[-2000:]}")
    return took, done.stdout


def run_json(arguments: Sequence[str], home: Path) -> Any:
    """Run ``python <arguments>`` and read the last line of its output as JSON.

    Raises:
        RuntimeError: when it failed or wrote nothing.
    """
    _, output = run(arguments, home)
    lines = output.strip().splitlines()
    if not lines:
        raise RuntimeError(f"python {' '.join(arguments)} wrote nothing")
    return json.loads(lines[-1])
