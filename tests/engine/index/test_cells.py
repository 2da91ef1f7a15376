"""The inverted file keeps the recall it was tuned for, on queries it was not tuned on."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.vectors import library
from engine.index.cells import Cells, nearest_rows
from engine.index.points import Points
from tests.engine.index.libraries import points


@pytest.fixture(scope="module")
def stored() -> tuple[Points, Cells]:
    rows = Points.of(library(8000, n_queries=2).segments)
    return rows, Cells.build(rows)


def test_the_fewer_are_permitted_the_more_cells_are_visited(stored: tuple[Points, Cells]) -> None:
    _, cells = stored
    shares, visits = zip(*cells.visits, strict=True)
    assert list(shares) == sorted(shares, reverse=True)
    assert list(visits) == sorted(visits)
    assert visits[0] < cells.n_cells


def test_recall_on_other_queries(stored: tuple[Points, Cells]) -> None:
    rows, cells = stored
    queries = library(200, n_queries=80, seed=77).queries
    truth = nearest_rows(queries, rows, np.ones(len(rows), dtype=np.bool_), 10)
    shares = []
    for query, right in zip(queries, truth, strict=True):
        found = cells.nearest(query, 40)[0]
        near = found[np.argsort(np.square(rows.take(found) - query).sum(axis=1))[:10]]
        shares.append(len(np.intersect1d(near, right)) / 10)
    assert np.mean(shares) >= 0.98


def test_a_filter_lets_through_what_it_should_and_nothing_else(stored: tuple[Points, Cells]) -> None:
    rows, cells = stored
    rng = np.random.default_rng(41)
    for share in (0.5, 0.03, 0.0005):
        allowed = rng.random(len(rows)) < share
        passed = cells.filter(allowed)
        found, distances, complete = cells.nearest(points(rng, 1)[0], len(rows), passed, widen=1000)
        assert complete
        assert sorted(found.tolist()) == np.flatnonzero(allowed).tolist()
        assert (np.diff(distances) >= 0).all()


def test_saved_as_bytes_and_read_again(stored: tuple[Points, Cells]) -> None:
    rows, cells = stored
    content = cells.to_bytes()
    again = Cells.from_bytes(content, cells.visits, len(rows))
    query = points(np.random.default_rng(42), 1)[0]
    assert np.array_equal(again.nearest(query, 10)[0], cells.nearest(query, 10)[0])
    with pytest.raises(ValueError, match="not 3"):
        Cells.from_bytes(content, cells.visits, 3)
    with pytest.raises(RuntimeError):
        Cells.from_bytes(content[:100], cells.visits, len(rows))


def test_exact_neighbours_across_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.index.points.CHUNK", 7)
    rng = np.random.default_rng(43)
    vectors, queries = points(rng, 60), points(rng, 5)
    allowed = rng.random(60) < 0.6
    for query, found in zip(queries, nearest_rows(queries, Points.of(vectors), allowed, 4), strict=True):
        far = np.where(allowed, np.square(vectors - query).sum(axis=1), np.inf)
        assert set(found.tolist()) == set(np.argsort(far)[:4].tolist())
