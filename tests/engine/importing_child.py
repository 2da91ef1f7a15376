"""A slow import in a process of its own, so that tests can kill it; and the encoder the import tests use.

Run as ``python -m tests.engine.importing_child DATABASE FOLDER``.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.affect import Affect, FloatArray
from engine.catalogue import Catalogue
from engine.encoders.base import AudioScore
from engine.importing import import_paths
from engine.scoring import Scorer


class PlainEncoder:
    """Real numbers from real samples, without a network: level, crossings of zero and brightness stand for VAD.

    Args:
        version: it claims to have.
        pause_s: seconds each segment takes.
    """

    sample_rate = 16_000

    def __init__(self, version: str = "plain-1", pause_s: float = 0.0) -> None:
        self.version = version
        self._pause_s = pause_s
        self.segments = 0

    def score(self, segments: Sequence[FloatArray]) -> AudioScore:
        self.segments += len(segments)
        time.sleep(self._pause_s * len(segments))
        return self.heads(np.stack([self._embed(samples) for samples in segments]).astype(np.float16))

    def heads(self, embedding: NDArray[np.float16]) -> AudioScore:
        values = np.asarray(embedding, dtype=np.float32)
        emoji = np.repeat(values + 0.1, 16, axis=1)[:, :62]
        return AudioScore(
            vad=values[:, :3], emoji=emoji / emoji.sum(axis=1, keepdims=True), embedding=embedding, uncertainty=values[:, :2].copy()
        )

    def pool(self, score: AudioScore) -> tuple[FloatArray, FloatArray]:
        return score.vad.mean(axis=0), score.emoji.mean(axis=0)

    def calibrate(self, vad: FloatArray, emoji: FloatArray) -> list[Affect]:
        raise NotImplementedError("an import stores raw scores")

    @staticmethod
    def _embed(samples: FloatArray) -> FloatArray:
        level = min(1.0, float(np.sqrt(np.square(samples).mean())))
        crossings = float((np.diff(np.signbit(samples)) != 0).mean())
        brightness = min(1.0, float(np.abs(np.diff(samples)).mean()))
        return np.asarray([level, crossings, brightness, float(np.abs(samples).max(initial=0.0)) / 4], dtype=np.float32)


def main(database: str, folder: str) -> None:
    with Catalogue(database) as catalogue:
        report = import_paths(catalogue, Scorer(PlainEncoder(pause_s=0.1), batch=1), [Path(folder)], workers=2)
    print(report.sentence())


if __name__ == "__main__":
    main(*sys.argv[1:])
