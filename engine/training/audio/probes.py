"""What the teacher predicts: kernel probes on frozen MusiCNN features, and its soft targets for the student, fold by fold."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.kernel_ridge import KernelRidge
from sklearn.preprocessing import StandardScaler

from engine.affect import FloatArray
from engine.training.audio.datasets import N_FOLDS, Clip
from engine.training.audio.musicnn import N_POOLED
from engine.training.audio.targets import Targets
from engine.training.audio.teacher import TeacherFeatures

#: Principal components of the pooled channels that are kept beside the last hidden layer and the tags.
_COMPONENTS = 128
#: Penalty and width (over the number of features) of the probes, chosen on the pooled out-of-fold figures of the teacher.
RIDGE = 1.0
_WIDTH = 0.4
#: Columns of the soft targets: dynamic (2), static (2), quadrant (4), cluster (5).
SOFT_SIZE = 13


def patch_features(teacher: TeacherFeatures, clips: Sequence[Clip], seed: int = 0) -> list[FloatArray]:
    """Per clip (patches, k) float32, each column standardised: hidden layer, tag logits and the leading components of the pooled channels.

    No label is looked at, so the components may be those of all clips.
    """
    values = teacher.values.astype(np.float32)
    pooled, hidden, tags = values[:, : 2 * N_POOLED], values[:, 2 * N_POOLED : -50], np.clip(values[:, -50:], 1e-4, 1 - 1e-4)
    pooled = StandardScaler().fit_transform(pooled)
    components = PCA(_COMPONENTS, random_state=seed, svd_solver="randomized").fit_transform(pooled)
    everything = np.column_stack([hidden, np.log(tags / (1 - tags)), components])
    everything = ((everything - everything.mean(axis=0)) / (everything.std(axis=0) + 1e-6)).astype(np.float32)
    return [everything[slice(*_span(teacher, clip))] for clip in clips]


def _span(teacher: TeacherFeatures, clip: Clip) -> tuple[int, int]:
    first, count = teacher.spans[f"{clip.set}/{clip.clip}"]
    return first, first + count


def predict(features: FloatArray, targets: Targets, train: NDArray[np.bool_], test: NDArray[np.bool_], ridge: float = RIDGE) -> FloatArray:
    """(test clips, 13) predictions of kernel ridge regressions on the labelled clips among ``train``; classes are regressed as 0 and 1."""
    out = []
    for wanted in (targets.dynamic, targets.static, _one_hot(targets.quadrant, 4), _one_hot(targets.cluster, 5)):
        rows = train & np.isfinite(wanted).all(axis=1)
        scaler = StandardScaler().fit(features[rows])
        middle = wanted[rows].mean(axis=0)
        model = KernelRidge(alpha=ridge, kernel="rbf", gamma=_WIDTH / features.shape[1])
        model.fit(scaler.transform(features[rows]), wanted[rows] - middle)
        out.append(model.predict(scaler.transform(features[test])) + middle)
    return np.asarray(np.concatenate(out, axis=1), dtype=np.float32)


def _one_hot(classes: NDArray[np.int64], count: int) -> FloatArray:
    """(n, count) 0 or 1; NaN where the class is unknown."""
    return np.where(classes[:, None] < 0, np.nan, np.eye(count)[np.maximum(classes, 0)]).astype(np.float32)


def soft_targets(features: FloatArray, targets: Targets, held_out: int | None) -> FloatArray:
    """(n, 13) soft targets for training without fold ``held_out`` (``None``: with all).

    Every clip is predicted by probes that saw neither its fold nor the held-out one. Rows of the held-out fold stay 0
    and must not be trained on.
    """
    soft = np.zeros((len(features), SOFT_SIZE), dtype=np.float32)
    for k in range(N_FOLDS):
        if k == held_out:
            continue
        train = (targets.fold != k) & (targets.fold != (-1 if held_out is None else held_out))
        test = targets.fold == k
        soft[test] = predict(features, targets, train, test)
    rows = targets.fold != held_out if held_out is not None else np.ones(len(features), dtype=bool)
    soft[rows] = (soft[rows] - soft[rows].mean(axis=0)) / (soft[rows].std(axis=0) + 1e-6)
    return soft
