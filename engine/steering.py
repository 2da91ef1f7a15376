"""What a follow-up means where its words alone do not say it, and how a direction moves an affect.

A message is compared with the sentences of :mod:`engine.exemplars` in the untouched MiniLM's space, which knows what sentences are about;
the tuned one knows what they feel like, and to it "show me others" and "so happy" are neighbours.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from engine.affect import AXES, N_EMOJI, Affect, FloatArray, normalised
from engine.directions import Axes, Clause, read
from engine.exemplars import FOLLOW_UPS, MOODS_OF_THEIR_OWN, POLES

#: One step moves an axis by this much of the calibrated scale: about one standard deviation of the songs, so that a page changes visibly.
STEP = 0.2
#: No message moves an axis further than this.
LONGEST_MOVE = 0.45
#: Share of the emoji's log-odds between the two ends of an axis that one step adds.
TILT = 0.5
_TILT_LIMIT = 2.0
#: A phrase within this distance of the centre says nothing about an axis; a full step is meant from the second number on.
_VAGUE, _PLAIN = 0.08, 0.3
_FLOOR = 1e-4

#: A message counts as a follow-up when the exemplars' vote for one exceeds the first number, the nearest is at least as near as the second
#: (cosine) and the winning kind has at least the third share. Set on phrases of our own (tests/engine/follow_ups.py, part "look").
_SURE, _NEAR, _CLEAR = 0.7, 0.35, 0.4
_SHARPNESS = 20.0
_LONGEST = 90
#: Whoever speaks of their own feelings this plainly starts afresh unless the words ask for songs.
_TELLS = re.compile(r"^\s*(?:so |very |really |just )*(?:i'?m|i am|i feel|i felt|feeling|my|we|he|she|they)\b", re.IGNORECASE)

Encode = Callable[[Sequence[str]], list[Affect]]
Embed = Callable[[Sequence[str]], FloatArray]


@dataclass(frozen=True, slots=True, eq=False)
class _Exemplars:
    """(n, d) unit vectors of the exemplars and the kind of each; the last kind is "a mood of its own"."""

    vectors: FloatArray
    kinds: np.ndarray


@dataclass(frozen=True, slots=True, eq=False)
class _Profiles:
    """(3, 62) log-odds of the emoji between the ends of each axis, and (62,) log-probabilities in between."""

    axes: FloatArray
    middle: FloatArray


class Steering:
    """Reads directions and applies them. Safe to call from several threads.

    Args:
        encode: texts → calibrated affects.
        embed: texts → (n, d) float32 unit vectors of the untouched backbone.
    """

    def __init__(self, encode: Encode, embed: Embed) -> None:
        self._encode, self._embed = encode, embed
        self._lock = threading.Lock()
        self._exemplars: _Exemplars | None = None
        self._profiles: _Profiles | None = None

    def directions(self, message: str) -> tuple[Clause, ...]:
        """The wishes of a follow-up, by its words or else by its meaning; none when it is no direction."""
        clauses = read(message)
        if any(clause.axes is not None for clause in clauses):
            return clauses
        axes = axes_of(self.guess(message))
        return (Clause(1.0, axes),) if axes else clauses

    def guess(self, message: str) -> str:
        """A key of :data:`engine.exemplars.FOLLOW_UPS` when the message means such a thing, else ""."""
        if len(message) > _LONGEST or not any(c.isascii() and c.isalpha() for c in message) or _TELLS.search(message):
            return ""
        exemplars = self._ready_exemplars()
        near = exemplars.vectors @ self._embed([message.strip()])[0]
        weights = np.exp(_SHARPNESS * (near - near.max()))
        weights /= weights.sum()
        votes = {kind: float(weights[exemplars.kinds == kind].sum()) for kind in FOLLOW_UPS}
        best = max(votes, key=votes.__getitem__)
        sure = sum(votes.values()) > _SURE and float(near.max()) > _NEAR and votes[best] > _CLEAR
        return best if sure else ""

    def move(self, affect: Affect, clauses: Sequence[Clause]) -> Affect:
        """The affect after some wishes: VAD by steps along the axes, kept inside the cube, and the emoji's odds tilted the same way."""
        profiles = self._ready_profiles()
        shift = np.zeros(len(AXES))
        logits = np.log(np.maximum(affect.emoji.astype(np.float64), _FLOOR))
        for clause in clauses:
            axes, tilt = self._reading(clause, profiles)
            shift += clause.amount * axes
            logits += TILT * clause.amount * tilt
        return Affect(
            np.clip(affect.vad + np.clip(STEP * shift, -LONGEST_MOVE, LONGEST_MOVE), 0.0, 1.0).astype(np.float32),
            normalised(np.exp(logits - logits.max())),
        )

    def _reading(self, clause: Clause, profiles: _Profiles) -> tuple[np.ndarray, np.ndarray]:
        """(3,) axes and (62,) log-odds of one step of a wish."""
        if clause.axes is not None:
            axes = np.asarray(clause.axes, dtype=np.float64)
            return axes, np.clip(axes @ profiles.axes, -_TILT_LIMIT, _TILT_LIMIT)
        meant = self._encode([clause.phrase or ""])[0]
        offset = meant.vad.astype(np.float64) - 0.5
        axes = np.where(np.abs(offset) > _VAGUE, np.clip(offset / _PLAIN, -1.0, 1.0), 0.0)
        tilt = np.log(np.maximum(meant.emoji.astype(np.float64), _FLOOR)) - profiles.middle
        return axes, np.clip(tilt, -_TILT_LIMIT, _TILT_LIMIT)

    def _ready_exemplars(self) -> _Exemplars:
        with self._lock:
            if self._exemplars is None:
                kinds = [kind for kind, texts in FOLLOW_UPS.items() for _ in texts] + [""] * len(MOODS_OF_THEIR_OWN)
                texts = [text for texts in FOLLOW_UPS.values() for text in texts] + list(MOODS_OF_THEIR_OWN)
                self._exemplars = _Exemplars(self._embed(texts), np.asarray(kinds))
            return self._exemplars

    def _ready_profiles(self) -> _Profiles:
        with self._lock:
            if self._profiles is None:
                texts = [text for ends in POLES for end in ends for text in end]
                logs = np.log(np.maximum([affect.emoji for affect in self._encode(texts)], _FLOOR))
                ends = logs.reshape(len(AXES), 2, -1, N_EMOJI).mean(axis=2)
                self._profiles = _Profiles((ends[:, 0] - ends[:, 1]) / 2.0, ends.mean(axis=(0, 1)))
            return self._profiles


def axes_of(kind: str) -> Axes | None:
    """One step along the axis a kind such as "-arousal" names, or None."""
    if kind[1:] not in AXES:
        return None
    sign = 1.0 if kind[0] == "+" else -1.0
    v, a, d = (sign if axis == kind[1:] else 0.0 for axis in AXES)
    return v, a, d


def describe(before: Affect, after: Affect) -> str:
    """What a move changed, in words: "calmer, a little brighter"; empty when nothing did."""
    words = (("darker", "brighter"), ("calmer", "livelier"), ("softer", "stronger"))
    moved = after.vad - before.vad
    parts = [
        ("a little " if abs(change) < STEP / 2 else "") + pair[int(change > 0)]
        for change, pair in sorted(zip(moved, words, strict=True), key=lambda item: -abs(item[0]))
        if abs(change) > STEP / 10
    ]
    return ", ".join(parts)
