"""The three labelled sets of music as one table of clips: DEAM (with its extra cuts), 4Q and MIREX-like.

Every clip carries the fold of its artist from ``folds.csv``, the one split over songs; an extra cut has the fold of its DEAM song.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.errors import DataError

SETS: tuple[str, ...] = ("deam", "deam-extra", "mer4q", "mirex")
QUADRANTS: tuple[str, ...] = ("Q1", "Q2", "Q3", "Q4")
CLUSTERS: tuple[str, ...] = tuple(f"Cluster {i}" for i in range(1, 6))
N_FOLDS = 5

#: Seconds of the excerpt a DEAM clip holds, and the length of every DEAM cut.
_DEAM_START_S = 30.0
_DEAM_LENGTH_S = 10.0


@dataclass(frozen=True, slots=True)
class Clip:
    """One labelled recording.

    Attributes:
        set: one of :data:`SETS`.
        clip: its name within the set; for an extra cut the stem of its file.
        path: the audio.
        fold: 0-4, the fold of its artist.
        start_s: second of the excerpt at which the audio begins; 0 for the 30 s clips.
        artist, title: as the set spells them.
        dynamic: mean valence and arousal of the seconds heard, [-1, 1]; NaN where unknown.
        static: mean valence and arousal of the whole 45 s excerpt, 1-9; NaN where unknown.
        quadrant: 0-3 or -1.
        cluster: 0-4 or -1.
        moods: mood words in small letters: AllMusic's words for 4Q, the category for MIREX-like.
    """

    set: str
    clip: str
    path: Path
    fold: int
    start_s: float
    artist: str
    title: str
    dynamic: tuple[float, float] = (np.nan, np.nan)
    static: tuple[float, float] = (np.nan, np.nan)
    quadrant: int = -1
    cluster: int = -1
    moods: tuple[str, ...] = ()


def _rows(path: Path) -> Iterator[dict[str, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            yield from csv.DictReader(stream)
    except OSError as error:
        raise DataError(
            f"the label file {path.name} cannot be read ({error.strerror})", "set EMOJUKE_DATA to the folder of labelled data"
        ) from error


def load_folds(data: Path) -> dict[tuple[str, str], int]:
    """(set, clip) → fold 0-4 of every song."""
    return {(row["set"], row["clip"]): int(row["fold"]) for row in _rows(data / "folds.csv")}


def load_clips(data: Path) -> list[Clip]:
    """Every clip of the three sets, in a fixed order (set by set, file by file).

    Raises:
        DataError: when a label file is missing.
    """
    folds = load_folds(data)
    return [*_deam(data, folds), *_mer4q(data, folds), *_mirex(data, folds)]


def _deam(data: Path, folds: dict[tuple[str, str], int]) -> Iterator[Clip]:
    folder = data / "deam"
    curves = _dynamic_curves(folder / "dynamic.csv")
    songs = {row["song_id"]: row for row in _rows(folder / "labels.csv")}
    statics = {}
    for song, row in songs.items():
        artist, title = row["artist"].strip(), row["title"].strip()
        statics[song] = (float(row["valence_mean_1_9"]), float(row["arousal_mean_1_9"]))
        yield Clip(
            "deam", song, folder / "clips" / f"{song}.opus", folds["deam", song], _DEAM_START_S, artist, title,
            dynamic=(float(row["valence_dyn30_40_m1_1"]), float(row["arousal_dyn30_40_m1_1"])), static=statics[song],
        )  # fmt: skip
    for row in _rows(folder / "extra.csv"):
        song, start = row["song_id"], float(row["start_s_floor"])
        artist, title = songs[song]["artist"].strip(), songs[song]["title"].strip()
        yield Clip(
            "deam-extra", Path(row["file"]).stem, folder / row["file"], folds["deam", song], start, artist, title,
            dynamic=_window_mean(curves.get(song), start), static=statics[song],
        )  # fmt: skip


def _dynamic_curves(path: Path) -> dict[str, NDArray[np.float64]]:
    """song → (frames, 3): time in s, valence and arousal in [-1, 1], two frames a second."""
    curves: dict[str, list[tuple[float, float, float]]] = defaultdict(list)
    for row in _rows(path):
        curves[row["musicId"]].append((float(row["frameTime"]), 2 * float(row["Valence(mean)"]) - 1, 2 * float(row["Arousal(mean)"]) - 1))
    return {song: np.array(frames) for song, frames in curves.items()}


def _window_mean(curve: NDArray[np.float64] | None, start_s: float) -> tuple[float, float]:
    """Mean valence and arousal of the ten seconds from ``start_s``; NaN when fewer than half of them were rated."""
    if curve is None:
        return (np.nan, np.nan)
    inside = curve[(curve[:, 0] >= start_s) & (curve[:, 0] < start_s + _DEAM_LENGTH_S)]
    if len(inside) < _DEAM_LENGTH_S:
        return (np.nan, np.nan)
    valence, arousal = inside[:, 1:].mean(axis=0)
    return (float(valence), float(arousal))


def _mer4q(data: Path, folds: dict[tuple[str, str], int]) -> Iterator[Clip]:
    for row in _rows(data / "mer4q" / "labels.csv"):
        song = row["Song"]
        yield Clip(
            "mer4q", song, data / "mer4q" / "clips" / f"{song}.opus", folds["mer4q", song], 0.0, row["Artist"], row["Title"],
            quadrant=QUADRANTS.index(row["Quadrant"]), moods=_words(row["MoodsStrSplit"], ";"),
        )  # fmt: skip


def _mirex(data: Path, folds: dict[tuple[str, str], int]) -> Iterator[Clip]:
    for row in _rows(data / "mirex" / "labels.csv"):
        clip = row["clip"]
        yield Clip(
            "mirex", clip, data / "mirex" / "clips" / f"{clip}.opus", folds["mirex", clip], 0.0, row["Artist"], row["Title"],
            cluster=CLUSTERS.index(row["cluster"].strip()), moods=_words(row["category"], "/"),
        )  # fmt: skip


def _words(text: str, separator: str) -> tuple[str, ...]:
    return tuple(word for word in (part.strip().lower() for part in text.split(separator)) if word)
