"""The labelled text Emojuke learns from, read where it lies: nothing of it is copied into the project, except moods.csv, which is ours.

GoEmotions (Demszky et al., 2020), EmoBank (Buechel and Hahn, 2017), TweetEval emoji (Barbieri et al., 2018) and `moods.csv`.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from engine.affect import AXES, EMOJI_INDEX, EMOTIONS, N_EMOJI, FloatArray
from engine.errors import DataError
from engine.settings import data_dir

Split = Literal["train", "dev", "test"]

#: Reads a member of the 20 TweetEval emoji as an index into the 62, -1 where it is none of them.
TweetMap = NDArray[np.int64]

MEND = "point EMOJUKE_DATA at the folder with the labelled data"
MOODS = Path(__file__).with_name("moods.csv")


@dataclass(frozen=True)
class Emotions:
    """GoEmotions: ``texts`` (n) and ``labels`` (n, 28) float32 of 0 and 1, columns in the order of :data:`engine.affect.EMOTIONS`."""

    texts: list[str]
    labels: FloatArray


@dataclass(frozen=True)
class Ratings:
    """EmoBank: ``texts`` (n) and ``vad`` (n, 3) float32, readers' and writers' mean on the original scale 1 to 5."""

    texts: list[str]
    vad: FloatArray


@dataclass(frozen=True)
class Tweets:
    """TweetEval emoji: ``texts`` (n) and ``labels`` (n,) int64, 0 to 19."""

    texts: list[str]
    labels: NDArray[np.int64]


@dataclass(frozen=True)
class Moods:
    """Our own short lines: ``texts`` (n), ``vad`` (n, 3) float32 in [-1, 1] with NaN where undefined, ``emoji`` (n, 62) float32, rows of
    zeros where none is given and else on the simplex."""

    texts: list[str]
    vad: FloatArray
    emoji: FloatArray


def _open(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise DataError(f"{path.name} of the labelled text cannot be read ({error.strerror})", MEND) from error


def goemotions(split: Split) -> Emotions:
    """One split of GoEmotions as its authors cut it.

    Raises:
        DataError: when the file is not there.
    """
    folder = data_dir() / "text" / "goemotions"
    names = _open(folder / "labels.txt").split()
    column = {index: list(EMOTIONS).index(name) for index, name in enumerate(names)}
    texts, rows = [], []
    for line in _open(folder / f"{split}.tsv").split("\n"):
        if line.strip():
            text, ids, _ = line.rstrip("\r").rsplit("\t", 2)
            row = np.zeros(len(EMOTIONS), dtype=np.float32)
            row[[column[int(i)] for i in ids.split(",")]] = 1.0
            texts.append(text)
            rows.append(row)
    return Emotions(texts, np.stack(rows))


def emobank(split: Split) -> Ratings:
    """One split of EmoBank as its authors cut it.

    Raises:
        DataError: when the file is not there.
    """
    lines = _open(data_dir() / "text" / "emobank" / "emobank.csv").splitlines(keepends=True)
    rows = [row for row in csv.DictReader(lines) if row["split"] == split]
    return Ratings([r["text"] for r in rows], np.array([[float(r[a]) for a in "VAD"] for r in rows], dtype=np.float32))


def tweeteval(split: Split) -> Tweets:
    """One split of TweetEval's emoji task as its authors cut it.

    Raises:
        DataError: when a file is not there.
    """
    folder = data_dir() / "text" / "tweeteval_emoji"
    name = "val" if split == "dev" else split
    texts = _open(folder / f"{name}_text.txt").rstrip("\n").split("\n")
    labels = np.array(_open(folder / f"{name}_labels.txt").split(), dtype=np.int64)
    if len(texts) != len(labels):
        raise DataError(f"tweeteval_emoji {name} has {len(texts)} texts and {len(labels)} labels", MEND)
    return Tweets(texts, labels)


def tweeteval_emoji() -> TweetMap:
    """(20,) int64: which of the 62 emoji each TweetEval class is, -1 for the six that are none of them."""
    lines = _open(data_dir() / "text" / "tweeteval_emoji" / "mapping.txt").strip().split("\n")
    symbols = [line.split("\t")[1].replace("\ufe0f", "") for line in lines]
    return np.array([EMOJI_INDEX.get(s, -1) for s in symbols], dtype=np.int64)


def moods(split: Literal["train", "dev", "all"] = "all", path: Path = MOODS) -> Moods:
    """Our own weakly labelled lines. One tenth, chosen by a hash of the text's family, is held out as dev.

    A family is what the generator made from one seed line ("sad", "so sad", "kinda sad"), so that no variant of a held-out line trains;
    a text that two families share is not held out. Lines that happen to equal a phrase of T6 (`data/queries/phrases.csv`, either part)
    but for case and punctuation are dropped unread.

    Raises:
        DataError: when T6's phrases are not there to be excluded.
    """
    tested = {_letters(row["text"]) for row in csv.DictReader(_open(data_dir() / "queries" / "phrases.csv").splitlines())}
    rows = [row for row in _mood_rows(path) if _letters(row["text"]) not in tested]
    trained = {row["text"] for row in rows if not _held_out(row)}
    texts, vads, emojis = [], [], []
    for row in rows:
        held_out = _held_out(row)
        if (split == "train" and held_out) or (split == "dev" and (not held_out or row["text"] in trained)):
            continue
        texts.append(row["text"])
        vads.append([float(row[a]) if row[a] else np.nan for a in AXES])
        target = np.zeros(N_EMOJI, dtype=np.float32)
        chosen = [EMOJI_INDEX[s] for s in row["emoji"].split()]
        if chosen:
            target[chosen] = 1.0 / len(chosen)
        emojis.append(target)
    return Moods(texts, np.array(vads, dtype=np.float32), np.stack(emojis))


def _mood_rows(path: Path) -> Iterator[dict[str, str]]:
    yield from csv.DictReader(_open(path).splitlines(keepends=True))


def _held_out(row: dict[str, str]) -> bool:
    return hashlib.sha256(row["family"].encode()).digest()[0] < 26


def _letters(text: str) -> str:
    return "".join(c for c in text.lower() if c.isalnum())
