"""``python -m engine.training.text.train``: tune the trunk, fit the heads, measure, write the weights and their card.

A killed run goes on where it was; ``--fresh`` starts anew; ``--measure`` only measures the shipped weights and writes record and card
again. Half an hour on two free cores, most of it the trunk.
"""

from __future__ import annotations

import argparse
import json
import platform
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from engine.encoders.text import FILE, TunedTextEncoder, read_text_encoder
from engine.encoders.weights_io import WEIGHTS
from engine.settings import CHECKOUT
from engine.training.text import datasets, evaluate
from engine.training.text.assemble import LOUD_GAINS, ROWS, assemble, save, trained_emoji
from engine.training.text.card import card
from engine.training.text.fit_heads import HeadPlan
from engine.training.text.trunk import PLAN, described, tune

RECORD = "text/record.json"


def develop(encoder: TunedTextEncoder) -> dict[str, Any]:
    """Figures on development data alone, by which plans are chosen: T2 on GoEmotions dev, T3 on EmoBank dev, sides of held-out lines."""
    emotions, ratings, lines = datasets.goemotions("dev"), datasets.emobank("dev"), datasets.moods("dev")
    scores = encoder.scores(emotions.texts, fast=True)
    middle = torch.from_numpy(scores.vad).median(0).values.numpy()
    found = encoder.scores(lines.texts, fast=True).vad - middle
    clear = abs(lines.vad) >= 0.3  # NaN, undefined, is never clear
    second = evaluate.t2(scores.vad, emotions.labels, scores.emotions)
    return {
        "T2": {key: second[key] for key in ("micro", "macro", "argmax", "distinct_points")},
        "T3": evaluate.t3(encoder.scores(ratings.texts, fast=True).vad, ratings.vad),
        "sides": float(((found > 0) == (lines.vad > 0))[clear].mean()),
        "median": [round(float(m), 3) for m in middle],
    }


def record(encoder: TunedTextEncoder) -> dict[str, Any]:
    """Everything the card says of a run: data, plans, seeds, software, figures."""
    return {
        "version": encoder.version,
        "file": FILE,
        "command": "python -m engine.training.text.train",
        "trunk": described(PLAN),
        "heads": asdict(HeadPlan()),
        "rows_for_heads": dict(ROWS),
        "loudness_gains": LOUD_GAINS,
        "lines": {part: len(datasets.moods(part).texts) for part in ("train", "dev")},
        "trained_emoji": trained_emoji(),
        "software": {"torch": torch.__version__, "python": platform.python_version()},
        "development": develop(encoder),
        "test": evaluate.evaluate_text(encoder),
        "T5": evaluate.t5(encoder),
    }


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="Train the text encoder.")
    parser.add_argument("--cache", type=Path, default=CHECKOUT / ".cache" / "text", help="folder for checkpoints and vectors")
    parser.add_argument("--fresh", action="store_true", help="forget the checkpoints")
    parser.add_argument("--measure", action="store_true", help="train nothing, measure the shipped weights")
    arguments = parser.parse_args()
    if not arguments.measure:
        _train(arguments.cache, arguments.fresh)
    made = record(read_text_encoder())
    (WEIGHTS / RECORD).write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    (WEIGHTS / "text" / "README.md").write_text(card(made), encoding="utf-8")
    print(card(made))


def _train(cache: Path, fresh: bool) -> None:
    if fresh:
        for name in ("trunk.pt", "vectors.pt"):
            (cache / name).unlink(missing_ok=True)
    trunk = tune(PLAN, cache)
    torch.set_num_threads(1)  # the fits are tiny; a second thread only waits
    save(assemble(trunk, HeadPlan(), cache / "vectors.pt"))


if __name__ == "__main__":
    main()
