"""Queries and labelled songs as points of one space, ready for X2, X3, X5 and X6."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.affect import FloatArray, to_vectors
from engine.calibration import ModalityMap
from engine.index.block import Block
from engine.index.exact import ranking_distances
from engine.ranking import PAGE, TURNS, rank
from engine.training.evaluation.oof import OofScores
from engine.training.evaluation.retrieval import RetrievalQuery, random_floor, retrieval_figures

#: set → columns of its labels.csv: clip, class, mood words, separator of the mood words.
_COLUMNS = {"mer4q": ("Song", "Quadrant", "MoodsStrSplit", ";"), "mirex": ("clip", "cluster", "category", "/")}


@dataclass(frozen=True, eq=False)
class LabelledSongs:
    """Songs of one labelled set with their out-of-fold scores.

    Attributes:
        rows: (n,) indices of the songs in the out-of-fold arrays.
        segment_rows: (m,) indices of their segments.
        segment_song: (m,) position in ``rows`` of each segment's song.
        labels: n class names (Q1-Q4, or Cluster 1-5).
        artists: n normalised artist names.
        moods: n tuples of lower-case mood words.
    """

    rows: NDArray[np.int64]
    segment_rows: NDArray[np.int64]
    segment_song: NDArray[np.int64]
    labels: list[str]
    artists: list[str]
    moods: list[tuple[str, ...]]


def labelled_songs(data: Path, oof: OofScores, of: str) -> LabelledSongs:
    """Join the out-of-fold rows of ``mer4q`` or ``mirex`` with their labels."""
    key, label, mood, separator = _COLUMNS[of]
    with (data / of / "labels.csv").open(encoding="utf-8", newline="") as file:
        table = {row[key]: row for row in csv.DictReader(file)}
    with (data / "folds.csv").open(encoding="utf-8", newline="") as file:
        artists = {row["clip"]: row["artist_normalised"] for row in csv.DictReader(file) if row["set"] == of}
    rows, segments = oof.rows(of=of), oof.rows(of=of, level="segment")
    clips = [str(clip) for clip in oof.clip[rows]]
    position = {clip: i for i, clip in enumerate(clips)}
    return LabelledSongs(
        rows=rows,
        segment_rows=segments,
        segment_song=np.asarray([position[str(clip)] for clip in oof.clip[segments]], dtype=np.int64),
        labels=[table[clip][label] for clip in clips],
        artists=[artists[clip] for clip in clips],
        moods=[tuple(word.strip().lower() for word in table[clip][mood].split(separator) if word.strip()) for clip in clips],
    )


def development_queries(songs: LabelledSongs, excluded: set[str], *, min_songs: int = 8, min_share: float = 0.75) -> list[tuple[str, str]]:
    """(mood word, class most of its songs lie in) for words that are frequent, clear and not among the ``excluded`` test queries."""
    classes: dict[str, Counter[str]] = defaultdict(Counter)
    for label, moods in zip(songs.labels, songs.moods, strict=True):
        for word in moods:
            classes[word][label] += 1
    queries = []
    for word, counts in sorted(classes.items()):
        best, n = counts.most_common(1)[0]
        if counts.total() >= min_songs and n / counts.total() >= min_share and word not in excluded:
            queries.append((word, best))
    return queries


@dataclass(frozen=True, eq=False)
class Space:
    """How raw scores become comparable points: the audio map, the weight of VAD and the weight of the whole song."""

    audio: ModalityMap
    w: float
    alpha: float

    def audio_vectors(self, oof: OofScores, rows: NDArray[np.int64]) -> FloatArray:
        """(n, 65) search vectors of out-of-fold rows."""
        return to_vectors(self.audio.vad(oof.vad[rows]), self.audio.emoji(oof.emoji[rows]), self.w)

    def order(self, oof: OofScores, songs: LabelledSongs, queries: FloatArray) -> NDArray[np.int64]:
        """(q, n) song positions, nearest first, the first page as the product shows it."""
        return rank(
            queries,
            self.audio_vectors(oof, songs.rows),
            self.audio_vectors(oof, songs.segment_rows),
            songs.segment_song,
            self.alpha,
            songs.artists,
            depth=PAGE,
            turns=TURNS,
        )

    def distances(self, oof: OofScores, songs: LabelledSongs, queries: FloatArray) -> FloatArray:
        """(q, n) float32 ranking distances."""
        bounds = np.zeros(len(songs.segment_rows), dtype=np.float32)
        block = Block.of(
            np.arange(len(songs.rows)),
            self.audio_vectors(oof, songs.rows),
            songs.segment_song,
            bounds,
            bounds,
            self.audio_vectors(oof, songs.segment_rows),
        )
        return ranking_distances(queries, block, self.alpha)


def figures_by_set(
    space: Space, oof: OofScores, sets: dict[str, LabelledSongs], queries: Sequence[RetrievalQuery], vectors: FloatArray
) -> tuple[dict[str, float], dict[str, float]]:
    """X2 or X3: figures per set and their unweighted mean, and the random floors.

    Args:
        space: the maps and weights.
        oof: out-of-fold scores.
        sets: "4Q" and "MIREX-like" to their songs.
        queries: q queries; those with a quadrant go to 4Q, those with a cluster to MIREX-like.
        vectors: (q, 65) search vectors of the queries.
    """
    figures: dict[str, float] = {}
    floors: dict[str, float] = {}
    for name, songs in sets.items():
        wanted = [q.quadrant if name == "4Q" else q.cluster for q in queries]
        chosen = [i for i, want in enumerate(wanted) if want]
        right = [wanted[i] for i in chosen]
        found = retrieval_figures(space.order(oof, songs, vectors[chosen]), right, songs.labels)
        figures.update({f"{name} {key}": value for key, value in found.items()})
        floors[f"{name} random P@10"] = random_floor(right, songs.labels)
    for key in ("P@5", "P@10", "MRR"):
        figures[f"mean {key}"] = float(np.mean([figures[f"{name} {key}"] for name in sets]))
    return figures, floors
