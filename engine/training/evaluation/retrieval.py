"""X2, X3, X5 and X6: does a query in words or emoji find songs whose listeners named the same mood?"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.training.evaluation.metrics import precision_at, reciprocal_rank, skewness


@dataclass(frozen=True)
class RetrievalQuery:
    """A row of data/queries/retrieval.csv: the query, its kind (word, sentence, emoji) and the class that counts as right."""

    text: str
    kind: str
    quadrant: str
    cluster: str


def read_queries(path: Path) -> list[RetrievalQuery]:
    """All rows of retrieval.csv."""
    with path.open(encoding="utf-8", newline="") as file:
        return [RetrievalQuery(r["query"], r["kind"], r["quadrant"], r["cluster"]) for r in csv.DictReader(file)]


def retrieval_figures(order: NDArray[np.int64], wanted: Sequence[str], labels: Sequence[str]) -> dict[str, float]:
    """P@5, P@10 and MRR, each the mean over queries.

    Args:
        order: (q, n) song rows, best first.
        wanted: q class names that count as right.
        labels: n class names of the songs.
    """
    truth = np.asarray(labels)
    hits = [truth[row] == want for row, want in zip(order, wanted, strict=True)]
    return {
        "P@5": float(np.mean([precision_at(h, 5) for h in hits])),
        "P@10": float(np.mean([precision_at(h, 10) for h in hits])),
        "MRR": float(np.mean([reciprocal_rank(h) for h in hits])),
    }


def random_floor(wanted: Sequence[str], labels: Sequence[str]) -> float:
    """Expected precision of a random order: the mean prior of the wanted classes."""
    truth = np.asarray(labels)
    return float(np.mean([(truth == want).mean() for want in wanted]))


def coverage_figures(pages: NDArray[np.int64], songs: int) -> dict[str, float]:
    """X5 on (q, 10) pages of song rows: how evenly the catalogue is used.

    Returns:
        share of songs that ever appear, the largest share of pages one song is on, and the skewness of the 10-occurrence count.
    """
    counts = np.bincount(pages.ravel(), minlength=songs)
    return {
        "songs that appear": float((counts > 0).mean()),
        "largest share of pages": float(counts.max() / len(pages)),
        "skewness": skewness(counts),
    }
