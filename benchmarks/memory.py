"""Resident memory of a serving process: opened, asked several hundred messages, and what is left over after more of them."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, result
from benchmarks.messages import messages
from benchmarks.process import run_json

MEGABYTE = 1_000_000


def resident() -> float:
    """Resident memory of this process in MB (1 MB = 1,000,000 bytes)."""
    import psutil

    return float(psutil.Process(os.getpid()).memory_info().rss) / MEGABYTE


def serve(count: int) -> dict[str, float]:
    """Open an assistant on the starter catalogue and ask ``count`` different messages, twice over.

    Returns:
        MB of resident memory: ``torch`` (only imported), ``opened``, ``half`` (after the first ``count``), ``served`` (after all).
    """
    import torch

    taken = {"torch": resident()}
    from engine.assistant import Assistant
    from engine.settings import settings

    asked = messages(2 * count)
    torch.set_num_threads(2)
    with Assistant.open(settings()) as assistant:
        assistant.warm()
        taken["opened"] = resident()
        # What only some messages load: the directions a follow-up by meaning is compared with, and the recogniser of languages.
        session = assistant.session()
        for message in ("a rainy night alone", "make it a bit more mellow", "je suis tellement triste ce soir"):
            assistant.converse(session, message)
        for message in asked[:count]:
            assistant.ask(message)
        taken["half"] = resident()
        for message in asked[count:]:
            assistant.ask(message)
        taken["served"] = resident()
    return taken


def measure(quick: bool = False) -> dict[str, Any]:
    """Memory in a process of its own; growth is what the second half of the messages added."""
    count = 50 if quick else 400
    with tempfile.TemporaryDirectory() as folder:
        taken = run_json(("-m", "benchmarks.memory", str(count)), Path(folder))
    floor = ("import torch", taken["torch"])
    figures = [
        Figure("opened, models and index loaded", taken["opened"], "MB", *floor),
        Figure(f"after {2 * count} messages", taken["served"], "MB", *floor, bound=900.0),
        Figure(f"added by the last {count}", taken["served"] - taken["half"], "MB"),
    ]
    return result(figures, **taken)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(serve(int(sys.argv[1]))) + "\n")
