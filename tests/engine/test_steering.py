"""What follow-ups mean, and that a direction moves an affect where it should and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.affect import AXES, EMOJI_INDEX, N_EMOJI, Affect, normalised
from engine.directions import Clause, read
from engine.exemplars import FOLLOW_UPS, MOODS_OF_THEIR_OWN
from engine.models import Models
from engine.steering import LONGEST_MOVE, STEP, Steering, axes_of, describe
from tests.engine.follow_ups import LOOK, RUN

CALMER, LIVELIER = read("calmer"), read("more energetic")


@pytest.fixture(scope="module")
def steering(models: Models) -> Steering:
    """Steering over the real encoders."""
    return models.steering


@st.composite
def affects(draw: st.DrawFn) -> Affect:
    vad = draw(st.lists(st.floats(0, 1, width=32), min_size=3, max_size=3))
    peak, share = draw(st.integers(0, N_EMOJI - 1)), draw(st.floats(0, 1))
    emoji = np.full(N_EMOJI, (1 - share) / N_EMOJI)
    emoji[peak] += share
    return Affect(np.asarray(vad, dtype=np.float32), normalised(emoji))


clauses = st.lists(
    st.builds(
        Clause,
        amount=st.floats(-2, 2),
        axes=st.tuples(*[st.floats(-1, 1)] * 3),
    ),
    min_size=1,
    max_size=4,
)


MIDDLE = Affect(np.full(3, 0.5, dtype=np.float32), np.full(N_EMOJI, 1 / N_EMOJI, dtype=np.float32))


def taken_for(steering: Steering, message: str) -> str:
    """The kind a message is taken for: the axis a direction moves most, else what it means."""
    found = steering.directions(message)
    if found:
        shift = steering.move(MIDDLE, found).vad - MIDDLE.vad
        axis = int(np.argmax(np.abs(shift)))
        return ("+" if shift[axis] > 0 else "-") + AXES[axis]
    return steering.guess(message)


def share_right(steering: Steering, part: Mapping[str, tuple[str, ...]], kinds: set[str]) -> float:
    cases = [(message, kind) for kind, messages in part.items() if kind in kinds for message in messages]
    wrong = [(message, kind, taken_for(steering, message)) for message, kind in cases if taken_for(steering, message) != kind]
    print(wrong)
    return 1.0 - len(wrong) / len(cases)


AXIS_KINDS = {"+arousal", "-arousal", "+valence", "-valence"}


@pytest.mark.parametrize(("part", "least"), [(LOOK, 0.9), (RUN, 0.8)])
def test_directions_are_understood(steering: Steering, part: Mapping[str, tuple[str, ...]], least: float) -> None:
    assert share_right(steering, part, AXIS_KINDS) >= least


@pytest.mark.parametrize(("part", "least"), [(LOOK, 0.95), (RUN, 0.9)])
def test_moods_of_their_own_are_left_alone(steering: Steering, part: Mapping[str, tuple[str, ...]], least: float) -> None:
    assert share_right(steering, part, {""}) >= least


def test_no_test_sentence_is_an_exemplar() -> None:
    exemplars = {text.lower() for texts in [*FOLLOW_UPS.values(), MOODS_OF_THEIR_OWN] for text in texts}
    assert not [text for part in (LOOK, RUN) for texts in part.values() for text in texts if text.lower() in exemplars]


@settings(max_examples=60, deadline=None)
@given(affect=affects(), wishes=clauses)
def test_a_move_never_leaves_the_space(steering: Steering, affect: Affect, wishes: list[Clause]) -> None:
    moved = steering.move(affect, wishes)
    assert moved.vad.min() >= 0
    assert moved.vad.max() <= 1
    assert abs(float(moved.emoji.sum()) - 1) < 1e-3
    assert np.abs(moved.vad - affect.vad).max() <= LONGEST_MOVE + 1e-6


@settings(max_examples=40, deadline=None)
@given(affect=affects())
def test_calmer_lowers_arousal_and_nothing_else(steering: Steering, affect: Affect) -> None:
    moved = steering.move(affect, CALMER)
    assert moved.arousal <= affect.arousal
    assert moved.arousal == pytest.approx(max(affect.arousal - STEP, 0.0), abs=1e-5)
    assert moved.valence == affect.valence
    assert moved.dominance == affect.dominance


def test_there_and_back_is_where_it_began(steering: Steering) -> None:
    start = MIDDLE
    there = Clause(1.0, (0.3, -0.6, 0.2))
    back = steering.move(steering.move(start, [there]), [Clause(-1.0, there.axes)])
    np.testing.assert_allclose(back.vad, start.vad, atol=1e-5)
    np.testing.assert_allclose(back.emoji, start.emoji, atol=1e-4)


def test_degrees_are_ordered(steering: Steering) -> None:
    start = Affect(np.asarray([0.5, 0.9, 0.5], dtype=np.float32), np.full(N_EMOJI, 1 / N_EMOJI, dtype=np.float32))
    arousals = [steering.move(start, read(text)).arousal for text in ("a bit calmer", "calmer", "much calmer")]
    assert arousals == sorted(arousals, reverse=True)
    assert len(set(arousals)) == 3


def test_the_emoji_follow_the_axis(steering: Steering) -> None:
    start = MIDDLE
    happier, sadder = steering.move(start, read("happier")), steering.move(start, read("sadder"))
    for bright, dark in (("😊", "💔"), ("😄", "😢")):
        assert happier.emoji[EMOJI_INDEX[bright]] > sadder.emoji[EMOJI_INDEX[bright]]
        assert happier.emoji[EMOJI_INDEX[dark]] < sadder.emoji[EMOJI_INDEX[dark]]


def test_a_phrase_outside_the_lexicon_moves_by_its_meaning(steering: Steering) -> None:
    (clause,) = read("more heartbroken")
    assert clause.phrase == "heartbroken"
    assert steering.move(MIDDLE, [clause]).valence < 0.5
    assert steering.move(MIDDLE, [Clause(-1.0, None, "heartbroken")]).valence > 0.5


@settings(max_examples=30, deadline=None)
@given(message=st.text(max_size=120))
def test_guessing_never_raises(steering: Steering, message: str) -> None:
    assert steering.guess(message) in {"", *LOOK}


def test_kinds_name_axes() -> None:
    assert axes_of("-arousal") == (0.0, -1.0, 0.0)
    assert axes_of("another") is None
    assert axes_of("") is None


def test_a_move_is_described_in_words() -> None:
    before = MIDDLE
    assert describe(before, before.moved([0.0, -STEP, 0.0])) == "calmer"
    assert describe(before, before.moved([STEP / 3, -STEP, 0.0])) == "calmer, a little brighter"
    assert describe(before, before) == ""
