"""The affect space: validation, and that the search vectors realise the documented distance."""

from __future__ import annotations

import math

import faiss
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from engine.affect import (
    AXES,
    DIM,
    EKMAN,
    EMOJI,
    EMOTIONS,
    MOODS,
    N_EMOJI,
    Affect,
    blend,
    distance,
    from_vector,
    neutral,
    normalised,
    to_vectors,
)

unit = st.floats(0.0, 1.0, width=32)
vads = hnp.arrays(np.float32, 3, elements=unit)
simplexes = hnp.arrays(np.float32, N_EMOJI, elements=st.floats(0.0, 1.0, width=32)).map(normalised)
affects = st.builds(Affect, vads, simplexes)
#: From_vector divides by sqrt(w) and sqrt(1 - w), so the ends of the range are left out.
inner_weights = st.floats(0.05, 0.95)


def test_there_are_62_distinct_target_emoji_without_variation_selectors():
    assert len(EMOJI) == len(set(EMOJI)) == 62
    assert not any("\ufe0f" in symbol for symbol in EMOJI)
    assert EMOJI[0] == "😂"
    assert EMOJI[-1] == "✨"


def test_reference_points_are_inside_the_cube_and_ekman_groups_cover_all_emotions():
    assert len(EMOTIONS) == 28
    assert len(MOODS) == 7
    for point in [*EMOTIONS.values(), *MOODS.values()]:
        assert len(point) == len(AXES)
        assert all(0.0 <= x <= 1.0 for x in point)
    assert sorted(name for group in EKMAN.values() for name in group) == sorted(EMOTIONS)


@pytest.mark.parametrize(
    ("vad", "emoji", "complaint"),
    [
        ([0.5, 0.5], normalised(np.ones(N_EMOJI)), "shape"),
        ([0.5, 0.5, 0.5], np.ones(3) / 3, "shape"),
        ([0.5, 0.5, 1.2], normalised(np.ones(N_EMOJI)), r"\[0, 1\]"),
        ([0.5, -0.1, 0.2], normalised(np.ones(N_EMOJI)), r"\[0, 1\]"),
        ([0.5, math.nan, 0.2], normalised(np.ones(N_EMOJI)), "finite"),
        ([0.5, 0.5, 0.5], np.full(N_EMOJI, 0.5), "sum to 1"),
        ([0.5, 0.5, 0.5], np.zeros(N_EMOJI), "sum to 1"),
    ],
)
def test_an_affect_refuses_what_is_not_a_point_of_the_space(vad, emoji, complaint):
    with pytest.raises(ValueError, match=complaint):
        Affect(vad, emoji)


def test_an_affect_does_not_change_with_the_array_it_was_made_from():
    vad = np.array([0.1, 0.2, 0.3], dtype=np.float32)
    affect = Affect(vad, normalised(np.ones(N_EMOJI)))
    vad[0] = 0.9
    assert affect.valence == pytest.approx(0.1)
    with pytest.raises(ValueError, match="read-only"):
        affect.vad[0] = 0.5


@given(affects, affects, st.floats(0.0, 1.0))
def test_squared_l2_of_the_vectors_is_the_documented_distance(a, b, w):
    squared = float(np.square(a.vector(w).astype(np.float64) - b.vector(w)).sum())
    assert squared == pytest.approx(distance(a, b, w), abs=1e-5)


@given(affects, affects, st.floats(0.0, 1.0))
def test_distance_is_symmetric_zero_on_itself_and_bounded(a, b, w):
    assert distance(a, b, w) == distance(b, a, w)
    assert distance(a, a, w) == 0.0
    assert 0.0 <= distance(a, b, w) <= 3.0 * w + (1.0 - w) + 1e-6


def test_faiss_returns_exactly_our_distance():
    rng = np.random.default_rng(0)
    points = [Affect(rng.random(3, dtype=np.float32), normalised(rng.random(N_EMOJI))) for _ in range(20)]
    index = faiss.IndexFlatL2(DIM)
    index.add(np.stack([p.vector() for p in points]))
    found, order = index.search(points[0].vector()[None], 20)
    for d, i in zip(found[0], order[0], strict=True):
        assert d == pytest.approx(distance(points[0], points[i]), abs=1e-5)


@given(affects, inner_weights)
def test_from_vector_inverts_vector(affect, w):
    back = from_vector(affect.vector(w), w)
    np.testing.assert_allclose(back.vad, affect.vad, atol=1e-5)
    np.testing.assert_allclose(back.emoji, affect.emoji, atol=1e-5)


def test_vectors_refuse_a_weight_outside_the_unit_interval():
    with pytest.raises(ValueError, match="w must lie"):
        to_vectors(np.zeros((1, 3)), np.full((1, N_EMOJI), 1 / N_EMOJI), w=1.5)


@given(st.lists(affects, min_size=1, max_size=5), st.data())
def test_a_blend_is_a_point_between_its_parts(parts, data):
    weights = data.draw(st.lists(st.floats(0.1, 10.0), min_size=len(parts), max_size=len(parts)))
    mixed = blend(parts, weights)
    stacked = np.stack([p.vad for p in parts])
    assert (mixed.vad >= stacked.min(axis=0) - 1e-6).all()
    assert (mixed.vad <= stacked.max(axis=0) + 1e-6).all()


@pytest.mark.parametrize("weights", [[], [1.0, 2.0], [-1.0], [0.0]])
def test_blending_nothing_or_with_bad_weights_is_refused(weights):
    with pytest.raises(ValueError, match=r"blend|weights"):
        blend([neutral()] if weights else [], weights or None)


@given(affects, hnp.arrays(np.float32, 3, elements=st.floats(-2.0, 2.0, width=32)))
def test_a_moved_affect_stays_in_the_cube_and_keeps_its_emoji(affect, delta):
    moved = affect.moved(delta)
    assert moved.vad.min() >= 0.0
    assert moved.vad.max() <= 1.0
    np.testing.assert_array_equal(moved.emoji, affect.emoji)


def test_top_emoji_come_most_probable_first():
    weights = np.zeros(N_EMOJI)
    weights[[3, 7, 1]] = [0.5, 0.3, 0.2]
    top = Affect([0.5] * 3, weights).top_emoji(3)
    assert [symbol for symbol, _ in top] == [EMOJI[3], EMOJI[7], EMOJI[1]]
    assert [p for _, p in top] == pytest.approx([0.5, 0.3, 0.2])
