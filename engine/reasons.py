"""Why a song was chosen, computed from the distance itself: which parts of it are small, and what is left. Pure.

The distance is alpha * d(song) + (1 - alpha) * d(best segment), each d = w * ||dVAD||^2 + (1 - w) * Hellinger^2 of the emoji. Nothing
is said that is not one of its terms.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.affect import AXES, EMOJI, Affect, FloatArray

#: Two values on an axis this close are called alike; from the second number on they are called apart. A step of the scale is about 0.2.
ALIKE, APART = 0.1, 0.2
#: An axis of the query is worth naming when it is this far from the middle.
TELLING = 0.12
#: A shared emoji is worth naming when its share of the overlap is this large.
SHARED = 0.04
#: A song is shown with this many of its emoji; one that its card does not show would not explain it.
CARD = 5

_LOW_HIGH = {"valence": ("dark", "bright"), "arousal": ("calm", "energetic"), "dominance": ("vulnerable", "powerful")}

_THAN = {"valence": ("darker", "brighter"), "arousal": ("calmer", "more energetic"), "dominance": ("more vulnerable", "more powerful")}

#: Said beside every dominance: nobody rated that of songs, it comes from mood words.
INFERRED = "inferred"


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """A query and what was found for it.

    Attributes:
        query: calibrated.
        song: calibrated affect of the whole song.
        song_distance: d(song).
        segment_vad: (3,) of the best segment.
        segment_distance: d(best segment).
        moment: "1:15 to 1:30", or "" where only one segment is known.
    """

    query: Affect
    song: Affect
    song_distance: float
    segment_vad: FloatArray
    segment_distance: float
    moment: str


def reasons(compared: Compared) -> tuple[str, ...]:
    """Sentences without a full stop, the strongest first."""
    found = [_axes(compared), _shared_emoji(compared), _moment(compared), _rest(compared)]
    return tuple(sentence for sentence in found if sentence)


def query_reason(text_share: float, words: str, emoji: tuple[str, ...]) -> str:
    """How a mixed message was weighed; empty when it was words or emoji alone."""
    if not words or not emoji:
        return ""
    return f"your words counted {text_share:.0%}, {''.join(dict.fromkeys(emoji))} {1.0 - text_share:.0%}"


def _axes(compared: Compared) -> str:
    alike = []
    for axis, wanted, has in _pairs(compared):
        if abs(wanted - 0.5) >= TELLING and abs(wanted - has) <= ALIKE:
            alike.append(f"{_end(axis, wanted)} like your message ({axis} {has:.2f} for {wanted:.2f}{_note(axis)})")
    return ", ".join(alike)


def _shared_emoji(compared: Compared) -> str:
    overlap = np.sqrt(compared.query.emoji.astype(np.float64) * compared.song.emoji.astype(np.float64))
    on_card = {symbol for symbol, _ in compared.song.top_emoji(CARD)}
    best = [i for i in np.argsort(-overlap, kind="stable") if EMOJI[i] in on_card and overlap[i] >= SHARED][:3]
    if not best:
        return ""
    return f"both sound like {''.join(EMOJI[i] for i in best)} (emoji overlap {overlap.sum():.0%})"


def _moment(compared: Compared) -> str:
    if not compared.moment:
        return ""
    if compared.segment_distance < compared.song_distance:
        return f"closest from {compared.moment}, nearer than the song as a whole"
    return f"closest from {compared.moment}, though the song as a whole is nearer still"


def _rest(compared: Compared) -> str:
    axis, wanted, has = max(_pairs(compared), key=lambda item: abs(item[1] - item[2]))
    if abs(wanted - has) < APART:
        return ""
    return f"but {_THAN[axis][int(has > wanted)]} than asked ({axis} {has:.2f} for {wanted:.2f}{_note(axis)})"


def _pairs(compared: Compared) -> list[tuple[str, float, float]]:
    return [(axis, float(q), float(s)) for axis, q, s in zip(AXES, compared.query.vad, compared.song.vad, strict=True)]


def _end(axis: str, value: float) -> str:
    return _LOW_HIGH[axis][int(value > 0.5)]


def _note(axis: str) -> str:
    return f", {INFERRED}" if axis == "dominance" else ""
