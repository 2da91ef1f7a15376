"""The `emojuke` command: a thin skin over :mod:`engine.assistant` and the training code."""

from __future__ import annotations


def main() -> None:
    """Run the command line; every failure ends as one sentence on standard error and a non-zero exit code."""
    from engine.cli.app import run

    run()


__all__ = ["main"]
