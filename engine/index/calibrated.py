"""From the catalogue's raw audio scores to search vectors: the cross-modal map first, then the affect space."""

from __future__ import annotations

import numpy as np

from engine.affect import DIM, VAD_WEIGHT, FloatArray, to_vectors
from engine.calibration import ModalityMap
from engine.index.points import CHUNK


def search_vectors(vad: FloatArray, emoji: FloatArray, audio: ModalityMap, w: float = VAD_WEIGHT) -> FloatArray:
    """Raw scores as points of the common scale, a chunk at a time, because the map works in float64.

    Args:
        vad: (n, 3) float32 raw VAD.
        emoji: (n, 62) float32 raw probabilities.
        audio: the cross-modal map of the model that made them.
        w: weight of VAD.

    Returns:
        (n, 65) float32.
    """
    vectors = np.empty((len(vad), DIM), dtype=np.float32)
    for start in range(0, len(vad), CHUNK):
        part = slice(start, start + CHUNK)
        vectors[part] = to_vectors(audio.vad(vad[part]), audio.emoji(emoji[part]), w)
    return vectors
