"""The ratings, names and keywords of emoji, by key. Reads the shared data; writes nothing."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path

import emoji as emoji_library
import numpy as np
from numpy.typing import NDArray

from engine.encoders.emoji_keys import key
from engine.errors import DataError

Array = NDArray[np.float64]

#: EmoTag1200's columns: Plutchik's eight emotions.
PLUTCHIK = ("anger", "anticipation", "disgust", "fear", "joy", "sadness", "surprise", "trust")

#: CLDR's two files and the name of the outer object in each.
_FILES = (("cldr_annotations_en.json", "annotations"), ("cldr_derived_annotations_en.json", "annotationsDerived"))

_MEND = "point EMOJUKE_DATA at the folder of labelled data"

#: Rows of the Emoji Sentiment Ranking seen less often are left out.
MIN_OCCURRENCES = 5

#: Symbols used as emoji though Unicode does not count them as such; ♡ is among the 62. The names are Unicode's, the keywords ours.
EXTRA_SEQUENCES = {
    "♡": ("white heart suit", ("heart", "love", "tender")),
    "♪": ("eighth note", ("music", "song", "melody")),
    "♫": ("beamed eighth notes", ("music", "song", "melody")),
    "♬": ("beamed sixteenth notes", ("music", "song", "melody")),
    "★": ("black star", ("star", "shine")),
    "☆": ("white star", ("star", "shine")),
}


@dataclass(frozen=True, slots=True)
class Label:
    """What CLDR says of an emoji: its short name and its search keywords, without the name."""

    name: str
    keywords: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """Name and keywords in one line."""
        return f"{self.name}: {', '.join(self.keywords)}" if self.keywords else self.name


@dataclass(frozen=True, slots=True)
class Tally:
    """How often annotators found tweets with an emoji negative, neutral and positive."""

    negative: int
    neutral: int
    positive: int

    @property
    def occurrences(self) -> int:
        """Annotated tweets with this emoji."""
        return self.negative + self.neutral + self.positive

    @property
    def valence(self) -> float:
        """Positive less negative share, in [-1, 1]."""
        return (self.positive - self.negative) / self.occurrences


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            return list(csv.DictReader(stream))
    except OSError as error:
        raise DataError(f"{path.name} cannot be read ({error.strerror})", _MEND) from error


def read_emotag(data: Path) -> dict[str, Array]:
    """EmoTag1200: key → (8,) ratings in [0, 1], columns as :data:`PLUTCHIK`.

    Raises:
        DataError: when the file is missing.
    """
    rows = _rows(data / "emoji" / "emotag1200.csv")
    return {key(row["emoji"]): np.array([float(row[name]) for name in PLUTCHIK]) for row in rows}


def read_sentiment(data: Path) -> dict[str, Tally]:
    """The Emoji Sentiment Ranking's rows with 5 occurrences or more: key → counts, spellings of one emoji added up.

    Raises:
        DataError: when the file is missing.
    """
    found: dict[str, Tally] = {}
    for row in _rows(data / "emoji" / "emoji_sentiment_ranking.csv"):
        if int(row["Occurrences"]) < MIN_OCCURRENCES:
            continue
        old = found.get(key(row["Emoji"]), Tally(0, 0, 0))
        found[key(row["Emoji"])] = Tally(
            old.negative + int(row["Negative"]), old.neutral + int(row["Neutral"]), old.positive + int(row["Positive"])
        )
    return found


def read_folds(data: Path) -> dict[str, tuple[float, int]]:
    """E2's emoji: key → (rated valence in [-1, 1], fold 0-4).

    Raises:
        DataError: when the file is missing.
    """
    return {key(row["emoji"]): (float(row["valence"]), int(row["fold"])) for row in _rows(data / "queries" / "e2_folds.csv")}


def _annotations(data: Path, file: str, outer: str) -> dict[str, dict[str, list[str]]]:
    try:
        document = json.loads((data / "emoji" / file).read_text(encoding="utf-8"))
        found: dict[str, dict[str, list[str]]] = document[outer]["annotations"]
    except (OSError, ValueError, KeyError) as error:
        raise DataError(f"{file} cannot be read ({error})", _MEND) from error
    return found


def read_labels(data: Path) -> dict[str, Label]:
    """Every RGI emoji and :data:`EXTRA_SEQUENCES` → its label; the `emoji` library's own name where CLDR's files are older than the emoji.

    Raises:
        DataError: when a file is missing.
    """
    annotations: dict[str, Label] = {}
    for file, outer in _FILES:
        for sequence, entry in _annotations(data, file, outer).items():
            name = str(entry.get("tts", [""])[0])
            keywords = tuple(str(word) for word in entry.get("default", []) if word != name)
            annotations.setdefault(key(sequence), Label(name, keywords))
    labels: dict[str, Label] = {}
    for sequence, entry in emoji_library.EMOJI_DATA.items():
        spelt = key(sequence)
        if spelt not in labels:
            label = annotations.get(spelt)
            labels[spelt] = label if label is not None and label.name else Label(str(entry["en"]).strip(":").replace("_", " "), ())
    labels.update({sequence: Label(name, keywords) for sequence, (name, keywords) in EXTRA_SEQUENCES.items()})
    return labels


def read_prior(path: Path | None = None) -> dict[str, Array]:
    """Our own hand-written meanings: key → (3,) valence, arousal, dominance in NRC units. Never used by E1 or E2."""
    rows = _rows(path or Path(__file__).with_name("prior.csv"))
    return {key(row["emoji"]): np.array([float(row[axis]) for axis in ("valence", "arousal", "dominance")]) for row in rows}


def read_order(data: Path) -> dict[str, int]:
    """Place of each emoji in CLDR's own order, by group and subgroup, so that neighbours are alike (faces, hearts, weather): key → rank.

    Raises:
        DataError: when the file is missing.
    """
    order: dict[str, int] = {}
    for sequence in _annotations(data, *_FILES[0]):
        order.setdefault(key(sequence), len(order))
    return order
