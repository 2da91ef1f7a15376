"""A1, A2 and A3 from the shipped out-of-fold predictions, with their floors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.affect import FloatArray
from engine.training.audio.datasets import Clip
from engine.training.evaluation.metrics import macro_f1, r2
from engine.training.evaluation.oof import OofScores


@dataclass(frozen=True)
class AudioFigures:
    """Figures of one row of evaluation.md and the floors beside them."""

    figures: Mapping[str, float]
    floors: Mapping[str, float]


def _joined(oof: OofScores, clips: Sequence[Clip], of: str) -> tuple[NDArray[np.int64], list[Clip]]:
    """Song rows of one set and their clips, in the same order."""
    known = {clip.clip: clip for clip in clips if clip.set == of}
    rows = oof.rows(of=of)
    return rows, [known[str(oof.clip[row])] for row in rows]


def _r2_pair(wanted: FloatArray, predicted: FloatArray) -> tuple[float, float]:
    return r2(wanted[:, 0], predicted[:, 0]), r2(wanted[:, 1], predicted[:, 1])


def _fold_mean(wanted: FloatArray, fold: NDArray[np.int64]) -> FloatArray:
    """The mean of the training folds as everybody's prediction: the floor of R²."""
    return np.stack([wanted[fold != k].mean(axis=0) for k in fold])


def a1(oof: OofScores, clips: Sequence[Clip]) -> AudioFigures:
    """R² of valence and arousal on DEAM: dynamic mean of the seconds heard, static label of the whole excerpt."""
    rows, songs = _joined(oof, clips, "deam")
    figures: dict[str, float] = {}
    floors: dict[str, float] = {}
    for name in ("dynamic", "static"):
        wanted = np.array([getattr(song, name) for song in songs])
        valence, arousal = _r2_pair(wanted, oof.heads[name][rows])
        figures |= {f"{name} R² V": valence, f"{name} R² A": arousal}
        valence, arousal = _r2_pair(wanted, _fold_mean(wanted, oof.fold[rows]))
        floors |= {f"{name} mean V": valence, f"{name} mean A": arousal}
    return AudioFigures(figures, floors)


def a2(oof: OofScores, clips: Sequence[Clip]) -> AudioFigures:
    """Macro-F1 of the four quadrants on 4Q."""
    return _classification(oof, clips, "mer4q", "quadrant", 4)


def a3(oof: OofScores, clips: Sequence[Clip]) -> AudioFigures:
    """Macro-F1 of the five clusters on MIREX-like, from the audio."""
    return _classification(oof, clips, "mirex", "cluster", 5)


def _classification(oof: OofScores, clips: Sequence[Clip], of: str, head: str, classes: int) -> AudioFigures:
    rows, songs = _joined(oof, clips, of)
    wanted = np.array([getattr(song, head) for song in songs])
    predicted = oof.heads[head][rows].argmax(axis=1)
    majority = np.array([np.bincount(wanted[oof.fold[rows] != k]).argmax() for k in oof.fold[rows]])
    chance = np.random.default_rng(0).integers(0, classes, (200, len(wanted)))
    floors = {
        "random": float(np.mean([macro_f1(wanted, guess, classes) for guess in chance])),
        "majority": macro_f1(wanted, majority, classes),
    }
    accuracy = float((predicted == wanted).mean())
    return AudioFigures({"macro-F1": macro_f1(wanted, predicted, classes), "accuracy": accuracy}, floors)


def deam_residuals(oof: OofScores, clips: Sequence[Clip], wanted: FloatArray) -> FloatArray:
    """(songs, 2) errors of product valence and arousal against ``wanted`` (clips, 3) on DEAM, divided by the predicted deviation."""
    place = {clip.clip: i for i, clip in enumerate(clips) if clip.set == "deam"}
    rows = oof.rows(of="deam")
    truth = wanted[[place[str(oof.clip[row])] for row in rows], :2]
    return np.asarray((oof.vad[rows, :2] - truth) / oof.uncertainty[rows], dtype=np.float32)


def coverage(residuals: FloatArray) -> dict[str, float]:
    """Shares of standardised residuals (n, 2) inside the intervals that should hold 68 % and 95 % of them."""
    inside = {"68 %": 1.0, "95 %": 1.96}
    return {f"{axis} {name}": float((np.abs(residuals[:, i]) <= z).mean()) for i, axis in enumerate("VA") for name, z in inside.items()}
