"""How fast an open assistant answers: a message in, ten songs of the starter catalogue out, beside one bare MiniLM forward."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, percentile, result
from benchmarks.messages import messages
from benchmarks.process import run_json

WARM_UP = 30
SONGS = 10


def _ms(work: Callable[..., object], *arguments: object) -> float:
    started = time.perf_counter()
    work(*arguments)
    return 1000 * (time.perf_counter() - started)


def serve(count: int) -> dict[str, list[float]]:
    """Ask ``count`` different messages of one open assistant, one at a time, after a warm-up.

    Returns:
        Milliseconds of each: ``ask`` (message → ten songs), ``affect`` (message → affect, another message, so that no cache
        helps) and ``forward`` (the untouched MiniLM on the same tokens, tokenizing not counted), interleaved.
    """
    import torch

    from engine.assistant import Assistant
    from engine.encoders.backbone import load_backbone, load_tokenizer, pad
    from engine.settings import settings

    asked = messages(2 * (WARM_UP + count))
    backbone, tokenizer = load_backbone(), load_tokenizer()

    def ask(assistant: Assistant, message: str) -> None:
        found = len(assistant.ask(message, top=SONGS).matches)
        if found != SONGS:
            raise RuntimeError(f"{message!r} was answered with {found} songs instead of {SONGS}, so its time says nothing")

    taken: dict[str, list[float]] = {"ask": [], "affect": [], "forward": []}
    with Assistant.open(settings()) as assistant, torch.inference_mode():
        for turn in range(WARM_UP + count):
            message, other = asked[2 * turn], asked[2 * turn + 1]
            ids, mask = pad([tokenizer.encode(message).ids])
            times = {
                "forward": _ms(backbone.pooled, ids, mask),
                "ask": _ms(ask, assistant, message),
                "affect": _ms(assistant.read, other),
            }
            if turn >= WARM_UP:
                for name, value in times.items():
                    taken[name].append(value)
    return taken


def measure(quick: bool = False) -> dict[str, Any]:
    """The median and the 99th percentile over several hundred messages, in a process of their own."""
    count = 100 if quick else 600
    with tempfile.TemporaryDirectory() as folder:
        taken = run_json(("-m", "benchmarks.latency", str(count)), Path(folder))
    forward = percentile(taken["forward"], 50)
    floor = ("bare MiniLM forward, median", forward)
    figures = [
        Figure("message → ten songs, p50", percentile(taken["ask"], 50), "ms", *floor),
        Figure("message → ten songs, p99", percentile(taken["ask"], 99), "ms", *floor, bound=60.0),
        Figure("message → affect, p50", percentile(taken["affect"], 50), "ms", *floor),
        Figure("message → affect, p99", percentile(taken["affect"], 99), "ms", *floor, bound=40.0, ratio_bound=1.5),
        Figure("bare MiniLM forward, p99", percentile(taken["forward"], 99), "ms", *floor),
    ]
    return result(figures, messages=count)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(serve(int(sys.argv[1]))) + "\n")
