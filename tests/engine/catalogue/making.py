"""Scored recordings made of random numbers, the same for the same seed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.encoders.base import AudioScore
from engine.scoring import ScoredRecording

VERSION = "audio-test-1"


def fingerprint(seed: int, length: int = 240) -> NDArray[np.uint32]:
    """A fingerprint of random words, about 30 s long; two seeds share none."""
    return np.random.default_rng(seed).integers(0, 2**32, size=length, dtype=np.uint32)


def scored(
    seed: int, segments: int = 2, *, version: str = VERSION, words: NDArray[np.uint32] | None = None, d: int = 16
) -> ScoredRecording:
    """A scored recording of ``segments`` times 15 s."""
    generator = np.random.default_rng(seed)
    emoji = generator.dirichlet(np.ones(62), size=segments).astype(np.float32)
    vad = generator.random((segments, 3), dtype=np.float32)
    starts = 15.0 * np.arange(segments, dtype=np.float32)
    return ScoredRecording(
        duration_s=15.0 * segments,
        fingerprint=fingerprint(seed) if words is None else words,
        model_version=version,
        song_vad=vad.mean(axis=0),
        song_emoji=emoji.mean(axis=0),
        starts=starts,
        ends=starts + 15.0,
        segments=AudioScore(
            vad=vad,
            emoji=emoji,
            embedding=generator.normal(size=(segments, d)).astype(np.float16),
            uncertainty=generator.random((segments, 2), dtype=np.float32),
        ),
    )
