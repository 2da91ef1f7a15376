"""Reasons are terms of the distance, and say nothing else."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.affect import EMOJI, EMOJI_INDEX, N_EMOJI, Affect, FloatArray, normalised
from engine.reasons import APART, Compared, query_reason, reasons


def affect(v: float, a: float, d: float = 0.5, symbol: str = "") -> Affect:
    emoji = np.full(N_EMOJI, 1 / N_EMOJI)
    if symbol:
        emoji[EMOJI_INDEX[symbol]] = 3.0
    return Affect(np.asarray([v, a, d], dtype=np.float32), normalised(emoji))


def compared(query: Affect, song: Affect, moment: str = "", segment_distance: float = 0.1) -> Compared:
    segment: FloatArray = song.vad
    return Compared(query, song, 0.2, segment, segment_distance, moment)


def test_an_axis_that_agrees_is_named_with_both_values() -> None:
    (first, *_) = reasons(compared(affect(0.2, 0.5), affect(0.25, 0.5)))
    assert first == "dark like your message (valence 0.25 for 0.20)"


def test_an_axis_in_the_middle_is_not_worth_naming() -> None:
    assert not [reason for reason in reasons(compared(affect(0.5, 0.5), affect(0.5, 0.5))) if "like your message" in reason]


def test_the_largest_difference_is_admitted() -> None:
    found = reasons(compared(affect(0.2, 0.2), affect(0.2, 0.7)))
    assert found[-1] == "but more energetic than asked (arousal 0.70 for 0.20)"


def test_dominance_is_called_inferred_wherever_it_is_named() -> None:
    for song in (affect(0.5, 0.5, 0.9), affect(0.5, 0.5, 0.1)):
        for reason in reasons(compared(affect(0.5, 0.5, 0.9), song)):
            assert ("dominance" in reason) <= ("inferred" in reason)


def test_shared_emoji_are_those_both_have() -> None:
    found = " ".join(reasons(compared(affect(0.5, 0.5, symbol="😢"), affect(0.5, 0.5, symbol="😢"))))
    assert "😢" in found
    apart = " ".join(reasons(compared(affect(0.5, 0.5, symbol="😢"), affect(0.5, 0.5, symbol="😡"))))
    assert "overlap 100%" in found
    assert "overlap 100%" not in apart


def test_an_emoji_that_the_card_of_the_song_does_not_show_is_no_reason() -> None:
    emoji = np.full(N_EMOJI, 1e-4)
    emoji[:6] = (0.20, 0.19, 0.18, 0.17, 0.16, 0.10)
    song = Affect(np.full(3, 0.5, dtype=np.float32), normalised(emoji))
    sixth = " ".join(reasons(compared(affect(0.5, 0.5, symbol=EMOJI[5]), song)))
    assert EMOJI[5] not in sixth
    only_sixth = np.full(N_EMOJI, 1e-6)
    only_sixth[5] = 1.0
    asked = Affect(song.vad, normalised(only_sixth))
    assert not [reason for reason in reasons(compared(asked, song)) if "both sound like" in reason]
    assert EMOJI[0] in " ".join(reasons(compared(affect(0.5, 0.5, symbol=EMOJI[0]), song)))


def test_the_moment_says_whether_it_beats_the_song() -> None:
    nearer = reasons(compared(affect(0.5, 0.5), affect(0.5, 0.5), "1:15 to 1:30", 0.1))
    farther = reasons(compared(affect(0.5, 0.5), affect(0.5, 0.5), "1:15 to 1:30", 0.3))
    assert any("nearer than the song as a whole" in reason for reason in nearer)
    assert any("song as a whole is nearer still" in reason for reason in farther)


def test_words_and_emoji_share_a_mixed_message() -> None:
    assert query_reason(0.75, "rain", ("🌧️", "🌧️")) == "your words counted 75%, 🌧️ 25%"
    assert query_reason(1.0, "rain", ()) == ""


@given(*[st.floats(0, 1)] * 4)
def test_an_axis_is_never_both_alike_and_apart(v: float, a: float, w: float, b: float) -> None:
    found = reasons(compared(affect(v, a), affect(w, b)))
    alike = next((reason for reason in found if "like your message" in reason), "")
    apart = next((reason for reason in found if reason.startswith("but ")), "")
    assert not any(axis in alike and axis in apart for axis in ("valence", "arousal", "dominance"))
    assert bool(apart) == (round(max(abs(v - w), abs(a - b)), 6) >= APART) or abs(max(abs(v - w), abs(a - b)) - APART) < 1e-5
