"""Vectors kept as fixed point come back all but unchanged."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.index.points import Points
from tests.engine.index.libraries import points


@given(seed=st.integers(0, 2**32 - 1), sizes=st.lists(st.integers(0, 30), min_size=1, max_size=4), scale=st.floats(0.01, 100.0))
def test_fixed_point_is_within_half_a_step(seed: int, sizes: list[int], scale: float) -> None:
    rng = np.random.default_rng(seed)
    parts = [(points(rng, n) - np.float32(0.2)) * np.float32(scale) for n in sizes]
    stored = Points.joined([Points.of(part) for part in parts], compact=True)
    whole = np.concatenate(parts)
    assert len(stored) == len(whole)
    if len(whole):
        step = (whole.max() - whole.min()) / 65535
        assert np.abs(stored.all() - whole).max() <= 0.51 * step + 1e-6 * scale
        again = Points.joined([stored], compact=True)
        assert np.array_equal(again.stored, stored.stored)


def test_fixed_point_takes_half_the_room_and_is_finer_than_fp16() -> None:
    vectors = points(np.random.default_rng(1), 2000)
    stored = Points.joined([Points.of(vectors)], compact=True)
    assert stored.nbytes * 2 == vectors.nbytes
    assert np.abs(stored.all() - vectors).max() < np.abs(vectors.astype(np.float16) - vectors).max() / 10


@pytest.mark.parametrize("value", [0.0, 0.5, -3.0])
def test_rows_that_are_all_alike_survive(value: float) -> None:
    alike = Points.of(np.full((4, 65), value, dtype=np.float32))
    assert np.array_equal(Points.joined([alike], compact=True).all(), alike.all())


def test_squared_lengths_match() -> None:
    vectors = points(np.random.default_rng(2), 70)
    assert Points.of(vectors).squares == pytest.approx(np.square(vectors).sum(axis=1), rel=1e-5)
