"""The shipped out-of-fold predictions of the audio encoder, from which figures are recomputed and the starter catalogue is made."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.affect import FloatArray
from engine.errors import DataError

PATH = Path(__file__).resolve().parents[3] / "docs" / "oof" / "audio.npz"


@dataclass(frozen=True, eq=False)
class OofScores:
    """Predictions of fold models, each row from the one that saw neither the song nor its artist.

    Attributes:
        set: (n,) str: deam, deam-extra, mer4q or mirex.
        clip: (n,) str, the clip's name in its set.
        fold: (n,) int.
        level: (n,) str: song or segment.
        start_s: (n,) float32, start of the segment in the excerpt.
        vad: (n, 3) float32 raw.
        emoji: (n, 62) float32 raw.
        heads: the other heads by name, (n, …) float32.
        embedding: (n, d) float16.
        uncertainty: (n, 2) float32.
        version: of the models, ``<model>+oof``.
    """

    set: NDArray[np.str_]
    clip: NDArray[np.str_]
    fold: NDArray[np.int64]
    level: NDArray[np.str_]
    start_s: FloatArray
    vad: FloatArray
    emoji: FloatArray
    heads: dict[str, FloatArray]
    embedding: NDArray[np.float16]
    uncertainty: FloatArray
    version: str

    def rows(self, *, of: str, level: str = "song") -> NDArray[np.int64]:
        """Indices of the rows of one set and level, in file order."""
        return np.flatnonzero((self.set == of) & (self.level == level))


def load_oof(path: Path = PATH) -> OofScores:
    """Read the predictions.

    Raises:
        DataError: when the file is not there.
    """
    if not path.exists():
        raise DataError(f"no out-of-fold predictions in {path.name}", "run `python -m engine.training.audio.train` to make them")
    with np.load(path, allow_pickle=False) as file:
        arrays = dict(file.items())
    emoji = arrays["emoji"].astype(np.float32)
    return OofScores(
        set=arrays["set"],
        clip=arrays["clip"],
        fold=arrays["fold"].astype(np.int64),
        level=arrays["level"],
        start_s=arrays["start_s"].astype(np.float32),
        vad=np.clip(arrays["vad"].astype(np.float32), 0.0, 1.0),
        emoji=emoji / emoji.sum(axis=1, keepdims=True),
        heads={name: arrays[name].astype(np.float32) for name in ("dynamic", "static", "quadrant", "cluster")},
        embedding=arrays["embedding"].astype(np.float16),
        uncertainty=arrays["uncertainty"].astype(np.float32),
        version=str(arrays["version"]),
    )
