"""The floor the audio encoder must beat: support vector machines on mean and deviation of the log-mel bands, on the same folds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR

from engine.affect import FloatArray
from engine.training.audio.datasets import N_FOLDS, Clip
from engine.training.audio.features import MelCache


def statistics(clips: Sequence[Clip], mels: MelCache) -> FloatArray:
    """(n, 384): mean and deviation over time of each band, and of its change from frame to frame."""
    rows = []
    for clip in clips:
        mel = mels[clip].astype(np.float32)
        change = np.diff(mel, axis=0)
        rows.append(np.concatenate([mel.mean(axis=0), mel.std(axis=0), change.mean(axis=0), change.std(axis=0)]))
    return np.stack(rows)


def regress(features: FloatArray, wanted: FloatArray, fold: NDArray[np.int64]) -> FloatArray:
    """Out-of-fold predictions (n, k) of standardised labels (n, k) by one SVR an axis."""
    predicted = np.full(wanted.shape, np.nan, dtype=np.float32)
    for k in range(N_FOLDS):
        train, test = fold != k, fold == k
        for axis in range(wanted.shape[1]):
            model = make_pipeline(StandardScaler(), SVR(C=1.0, epsilon=0.1))
            predicted[test, axis] = model.fit(features[train], wanted[train, axis]).predict(features[test])
    return predicted


def classify(features: FloatArray, wanted: NDArray[np.int64], fold: NDArray[np.int64]) -> NDArray[np.int64]:
    """Out-of-fold classes (n,) by a support vector machine with classes weighted alike."""
    predicted = np.zeros_like(wanted)
    for k in range(N_FOLDS):
        model = make_pipeline(StandardScaler(), SVC(C=3.0, class_weight="balanced"))
        predicted[fold == k] = model.fit(features[fold != k], wanted[fold != k]).predict(features[fold == k])
    return predicted
