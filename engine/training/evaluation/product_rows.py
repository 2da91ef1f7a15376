"""Rows measured on the product as a whole: emoji, coverage of the starter catalogue, speed of scoring."""

from __future__ import annotations

import importlib
import json
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from engine.assistant import Assistant
from engine.catalogue import STARTER_GUILD
from engine.errors import DataError, QueryError
from engine.ranking import PAGE
from engine.settings import CHECKOUT, Settings
from engine.training.emoji import evaluate as emoji
from engine.training.evaluation.report import Row
from engine.training.evaluation.retrieval import coverage_figures
from engine.training.evaluation.rows import Bench


def e1(bench: Bench) -> Row:
    """EmoTag, leave one emoji out."""
    found: dict[str, Any] = emoji.e1(bench.data, bench.messages.text)  # type: ignore[arg-type]  # the bench loads the shipped encoder
    by_emotion = ", ".join(f"{name} {r:.2f}" for name, r in found["by_emotion"].items())
    return Row(
        "E1",
        "emoji → eight emotions, mean Pearson r",
        f"EmoTag1200, leave-one-emoji-out, {found['n']} emoji",
        {"r": found["r"]},
        {"random": found["random"], "majority": found["majority"]},
        {"r": (">=", 0.70)},
        notes=f"By emotion: {by_emotion}.",
    )


def e2(bench: Bench) -> Row:
    """Valence of unseen emoji."""
    found: dict[str, Any] = emoji.e2(bench.data, bench.messages.text)  # type: ignore[arg-type]  # as above
    return Row(
        "E2",
        "emoji → valence, Pearson r",
        f"e2_folds.csv, {found['n']} emoji, each unseen in every source of ratings",
        {name: found[name] for name in ("r", "r_often", "r_weighted")},
        {"random": found["random"], "majority": found["majority"]},
        {"r": (">=", 0.75)},
        notes=f"Ratings drawn anew from the same shares would reach r = {found['ceiling']:.2f}.",
    )


def e3(bench: Bench) -> Row:
    """Every emoji gets an affect."""
    found: dict[str, Any] = emoji.e3(bench.messages.emoji)
    return Row(
        "E3",
        "share of emoji that get an affect",
        f"{found['n']} spellings of RGI emoji, and custom emoji by name",
        {"share": found["share"], "custom": found["custom"]},
        goals={"share": (">=", 1.0), "custom": (">=", 1.0)},
        notes=f"{found['distinct']} distinct points.",
    )


def x5(bench: Bench) -> Row:
    """How evenly the starter catalogue is used."""
    queries = json.loads((bench.data / "queries" / "x5.json").read_text(encoding="utf-8"))
    lines = (bench.data / "text" / "goemotions" / "test.tsv").read_text(encoding="utf-8").splitlines()
    messages = [lines[row].split("\t")[0] for row in queries["goemotions_test_rows_0_based"]] + queries["emoji_messages"]
    pages, unread = [], 0
    with (
        tempfile.TemporaryDirectory() as home,
        Assistant.open(Settings(home=Path(home), starter=True, _env_file=None)) as assistant,
    ):
        ids = assistant.catalogue.permitted([STARTER_GUILD])
        for message in messages:
            try:
                pages.append([match.recording_id for match in assistant.ask(message, top=PAGE).matches])
            except QueryError:
                unread += 1
    rows = np.searchsorted(ids, np.asarray(pages, dtype=np.int64))
    chance = np.stack([np.random.default_rng(i).permutation(len(ids))[:PAGE] for i in range(len(pages))])
    return Row(
        "X5",
        "use of the starter catalogue",
        f"{len(pages)} messages of x5.json, pages of {PAGE}, {len(ids)} songs",
        coverage_figures(rows, len(ids)),
        {f"random: {name}": value for name, value in coverage_figures(chance, len(ids)).items()},
        {"songs that appear": (">=", 0.70), "largest share of pages": ("<=", 0.04)},
        notes=f"{unread} messages hold neither a word nor an emoji and get no page.",
    )


def a8(bench: Bench) -> Row:
    """Speed of scoring."""
    try:
        if str(CHECKOUT) not in sys.path:  # the installed command starts without the checkout on its path
            sys.path.append(str(CHECKOUT))
        benchmark = importlib.import_module("benchmarks.scoring")
    except ModuleNotFoundError as error:
        raise DataError("the row A8 needs the benchmarks folder", "run it from a checkout of the repository") from error
    found = benchmark.measure()
    seconds = found["files"] * float(benchmark.CLIP_S)
    return Row(
        "A8",
        "scoring against bare ffmpeg decoding",
        f"{found['files']} clips of {benchmark.CLIP_S} s, {found['workers']} at a time, median of {len(found['walls_s'])} runs",
        {"audio seconds per second": seconds / statistics.median(found["walls_s"]), "wall ÷ bare decoding": found["ratio"]},
        {"bare decoding": 1.0},
        {"wall ÷ bare decoding": ("<=", 1.4)},
        notes="Same files, same rate, same number of processes at a time.",
    )
