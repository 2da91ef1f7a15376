"""Raw scores become search vectors through the map, whatever the size of a chunk."""

from __future__ import annotations

import numpy as np
import pytest

from engine.affect import N_EMOJI, Affect, normalised
from engine.calibration import IDENTITY, AxisMap, ModalityMap
from engine.index import search_vectors


@pytest.mark.parametrize("audio", [IDENTITY, ModalityMap((AxisMap((0.2, 0.8), (0.0, 1.0)),) * 3, temperature=0.5)])
def test_vectors_are_those_of_the_calibrated_affects(audio: ModalityMap, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.index.calibrated.CHUNK", 4)
    rng = np.random.default_rng(50)
    vad, emoji = rng.random((11, 3), dtype=np.float32), rng.dirichlet(np.ones(N_EMOJI), 11).astype(np.float32)
    found = search_vectors(vad, emoji, audio, w=0.3)
    right = [audio(Affect(v, normalised(e))).vector(0.3) for v, e in zip(vad, emoji, strict=True)]
    assert np.allclose(found, right, atol=1e-6)


def test_nothing_becomes_nothing() -> None:
    assert search_vectors(np.empty((0, 3), dtype=np.float32), np.empty((0, N_EMOJI), dtype=np.float32), IDENTITY).shape == (0, 65)
