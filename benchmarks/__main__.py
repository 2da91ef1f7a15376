"""`python -m benchmarks`: every benchmark, one after the other, in one table; `make bench` is the same."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import sys
from collections.abc import Sequence
from typing import Any

from rich.console import Console

from benchmarks.figures import Figure, markdown, table
from benchmarks.process import CHECKOUT

BENCHMARKS = ("latency", "startup", "memory", "scoring", "search")
"""Each is a module of this package with ``measure(quick: bool) -> dict``, as :func:`benchmarks.figures.result` makes it."""

DOCUMENT = CHECKOUT / "docs" / "benchmarks.md"


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    import torch

    return {
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "processor": platform.processor() or platform.machine(),
        "system": platform.system(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmarks named, or all.

    Returns:
        0 when every bound was kept, 1 otherwise.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Speed, memory and growth, each beside its floor.")
    parser.add_argument("--only", action="append", choices=BENCHMARKS, help="run this one; may be given several times")
    parser.add_argument("--quick", action="store_true", help="fewer repetitions and smaller sizes: a look, not a figure to quote")
    parser.add_argument("--json", action="store_true", help="print JSON instead of the table")
    parser.add_argument(
        "--write", action="store_true", help=f"also write {DOCUMENT.relative_to(CHECKOUT)}, unless --quick or --only is given"
    )
    chosen = parser.parse_args(arguments)
    results: dict[str, dict[str, Any]] = {}
    for name in chosen.only or BENCHMARKS:
        sys.stderr.write(f"measuring {name} …\n")
        results[name] = importlib.import_module(f"benchmarks.{name}").measure(quick=chosen.quick)
    groups = {name: [Figure.from_dict(record) for record in found["figures"]] for name, found in results.items()}
    if chosen.json:
        sys.stdout.write(json.dumps({"machine": machine(), "quick": chosen.quick, "benchmarks": results}, indent=2) + "\n")
    else:
        console = Console(width=None if sys.stdout.isatty() else 160)
        console.print(table(groups))
        console.print(", ".join(f"{name} {value}" for name, value in machine().items()) + (", quick" if chosen.quick else ""))
    if chosen.write and not chosen.quick and not chosen.only:
        DOCUMENT.write_text(markdown(groups, machine()), encoding="utf-8")
    missed = [f"{name}: {figure.name}" for name, figures in groups.items() for figure in figures if figure.reached is False]
    if missed:
        sys.stderr.write("missed: " + "; ".join(missed) + "\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
