"""Directions read by words alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.directions import COMPARATIVES, WORDS, comparative, read


def shift(message: str) -> tuple[float, float, float]:
    """Sum of the steps a message asks for, rounded."""
    totals = [0.0, 0.0, 0.0]
    for clause in read(message):
        for i, step in enumerate(clause.axes or (0.0, 0.0, 0.0)):
            totals[i] += clause.amount * step
    v, a, d = (round(total, 2) for total in totals)
    return v, a, d


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("calmer", (0, -1, 0)),
        ("Calmer, please!", (0, -1, 0)),
        ("much calmer", (0, -1.6, 0)),
        ("a bit calmer", (0, -0.5, 0)),
        ("sadder but not slow", (-1, 0.5, 0)),
        ("happier but slow", (1, -1, 0)),
        ("less intense", (0, -1, -0.3)),
        ("too slow", (0, 1, 0)),
        ("not too slow", (0, 0.5, 0)),
        ("not so sad", (0.5, 0, 0)),
        ("not sad enough", (-1, 0, 0)),
        ("no more sad songs", (1, 0, 0)),
        ("turn up the energy", (0.1, 1, 0.1)),
        ("turn the volume down", (0, -0.9, -0.4)),
        ("slow it down a bit", (0, -0.5, 0)),
        ("the same but happier", (1, 0, 0)),
        ("can you make it less sad and more upbeat", (1.6, 0.8, 0.1)),
        ("but slow", (0, -1, 0)),
        ("I want something calmer", (0, -1, 0)),
        ("darken it", (-0.9, 0, 0.1)),
    ],
)
def test_directions_in_words(message: str, expected: tuple[float, float, float]) -> None:
    assert shift(message) == pytest.approx(expected, abs=0.011)


@pytest.mark.parametrize("message", ["a bit more jazzy", "jazzier", "more 🔥", "with more bass", "too jazzy for me"])
def test_words_outside_the_lexicon_are_left_to_their_meaning(message: str) -> None:
    (clause,) = read(message)
    assert clause.axes is None
    assert clause.phrase in {"jazzy", "🔥", "bass"}


def test_an_emoji_beside_a_direction_colours_it() -> None:
    assert [clause.phrase for clause in read("sadder 😢")] == [None, "😢"]


@pytest.mark.parametrize(
    "message",
    [
        "", "   ", "!!!", "sad", "slow songs", "happy", "rainy sunday, missing her", "too tired to sleep", "I'm too tired",
        "never felt better",
        "feeling a bit down today", "I miss her more than ever", "summer", "november rain", "soldier", "nothing can stop me",
        "I'm not happy",
        "not sad at all, just tired and hungry and waiting for the bus in the rain again", "happy but slow", "calm and content", "🔥💪",
        "slow dance at a wedding", "he is calmer now", "больше огня", "too much work, want to scream",
    ],
)  # fmt: skip
def test_moods_of_their_own_are_no_directions(message: str) -> None:
    assert read(message) == ()


def test_comparatives_are_spelt_right() -> None:
    spelt = {
        "calm": "calmer",
        "sad": "sadder",
        "happy": "happier",
        "tense": "tenser",
        "slow": "slower",
        "big": "bigger",
        "moody": "moodier",
    }
    assert {word: comparative(word) for word in spelt} == spelt


def test_every_step_stays_within_one() -> None:
    assert all(abs(step) <= 1 for axes in [*WORDS.values(), *COMPARATIVES.values()] for step in axes)


@given(st.text(max_size=300))
def test_any_text_can_be_read(message: str) -> None:
    for clause in read(message):
        assert abs(clause.amount) <= 4
        assert (clause.axes is None) != (clause.phrase is None)


DIRECTION_WORDS = ["calmer", "sadder", "but", "not", "more", "less", "too", "a bit", "slow", "and", "🔥", "jazzy", "enough", "turn", "up"]


@given(st.lists(st.sampled_from(DIRECTION_WORDS), max_size=14))
def test_any_mixture_of_its_words_can_be_read(words: list[str]) -> None:
    assert isinstance(read(" ".join(words)), tuple)
