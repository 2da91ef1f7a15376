"""What every encoder offers, so that a better one is a new file and a setting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from engine.affect import Affect, FloatArray
from engine.calibration import ModalityMap


class TextEncoder(Protocol):
    """Sentences → affects."""

    version: str
    #: The cross-modal map: ``encode`` is ``map`` of ``encode_raw``, so that one pass through the model gives both.
    map: ModalityMap

    def encode(self, texts: Sequence[str]) -> list[Affect]:
        """Calibrated affects, one per text."""
        ...

    def encode_raw(self, texts: Sequence[str]) -> list[Affect]:
        """Affects before the cross-modal map; the VAD is in NRC units."""
        ...


class EmojiEncoder(Protocol):
    """Emoji (any RGI sequence, or a Discord custom emoji ``<:name:id>``) → affects."""

    version: str
    #: As a text encoder's.
    map: ModalityMap

    def encode(self, emoji: Sequence[str]) -> list[Affect]:
        """Calibrated affects, one per emoji."""
        ...

    def encode_raw(self, emoji: Sequence[str]) -> list[Affect]:
        """Affects before the cross-modal map; the VAD is in NRC units."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class AudioScore:
    """What the audio encoder makes of a batch of segments.

    Attributes:
        vad: (n, 3) float32 raw VAD in [0, 1] in NRC units.
        emoji: (n, 62) float32 raw emoji probabilities.
        embedding: (n, d) float16 trunk embedding, d <= 512; heads and calibration can be re-run from it without the audio.
        uncertainty: (n, 2) float32 predicted standard deviation of valence and arousal on the raw scale.
    """

    vad: FloatArray
    emoji: FloatArray
    embedding: NDArray[np.float16]
    uncertainty: FloatArray


class AudioEncoder(Protocol):
    """Waveforms of one segment each → scores; segments of one recording → the affect of the song."""

    version: str
    sample_rate: int

    def score(self, segments: Sequence[FloatArray]) -> AudioScore:
        """Score segments, each (samples,) float32 mono at ``sample_rate``, at most 15 s long, of any mixture of lengths."""
        ...

    def heads(self, embedding: NDArray[np.float16]) -> AudioScore:
        """The same from stored (n, d) embeddings alone."""
        ...

    def pool(self, score: AudioScore) -> tuple[FloatArray, FloatArray]:
        """Song-level raw (3,) VAD and (62,) emoji of the segments of one recording, by learned pooling."""
        ...

    def calibrate(self, vad: FloatArray, emoji: FloatArray) -> list[Affect]:
        """(n, 3) and (n, 62) raw scores through the cross-modal map of this version."""
        ...
