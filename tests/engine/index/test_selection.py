"""What is remembered for guilds stays within bounds and is never handed to another guild."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.index.part import Part
from engine.index.selection import Selection, Selections
from tests.engine.index.libraries import songs


def test_a_selection_is_made_once_and_again_only_when_it_differs() -> None:
    made: list[list[int]] = []

    def make(permitted: NDArray[np.int64]) -> Selection:
        made.append(permitted.tolist())
        return Selection(len(permitted), None)

    selections = Selections(make)
    one, twin = np.array([1, 2, 3, 4, 5]), np.array([1, 9, 3, 4, 5])
    first = selections.of(one)
    assert selections.of(one.copy()) is first
    assert selections.of(twin) is not first
    one[1] = 7  # the caller's array is not ours
    selections.of(one)
    assert made == [[1, 2, 3, 4, 5], [1, 9, 3, 4, 5], [1, 7, 3, 4, 5]]


def test_memory_for_guilds_is_bounded() -> None:
    library = songs(np.random.default_rng(30), 300)
    part = Part(library.index()._state.built.block)
    limit = 200_000
    selections = Selections(lambda permitted: part._select(part.find(permitted)), limit)
    for start in range(0, 200, 4):
        chosen = np.sort(library.ids)[start : start + 50]
        assert selections.of(chosen).n_songs == 50
        assert 0 < selections.nbytes <= limit
    everything = selections.of(np.sort(library.ids))
    assert everything.block is part.block
    assert everything.nbytes == 0
