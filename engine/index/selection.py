"""What a search may find, worked out once for each guild and remembered: songs gathered side by side while few, filters beyond."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from engine.index.block import Block, IntArray
from engine.index.level import Allowed

#: Bytes of gathered songs kept for guilds that asked lately: about five of the largest that are gathered, hundreds of usual ones.
REMEMBERED_BYTES = 64 << 20
#: Entries kept, however small.
_REMEMBERED = 1024


@dataclass(frozen=True, eq=False)
class Selection:
    """The permitted songs of a part of the index.

    Attributes:
        n_songs: how many they are.
        block: they alone, to be searched exactly; None when they are too many.
        rows: (n_songs,) int64 rows of the part's block they were gathered from; None where ``block`` is the part's own.
        allowed: what may be found among the songs, and among the segments, where ``block`` is None; None there when all may.
        empty: whether nothing may be found among the songs, and among the segments.
    """

    n_songs: int
    block: Block | None
    rows: IntArray | None = None
    allowed: tuple[Allowed | None, Allowed | None] = (None, None)
    empty: tuple[bool, bool] = (False, False)

    @property
    def nbytes(self) -> int:
        """Bytes of memory it takes by itself."""
        gathered = self.block.nbytes + self.rows.nbytes if self.block is not None and self.rows is not None else 0
        return gathered + sum(one.nbytes for one in self.allowed if one is not None)


class Selections:
    """The selections of the guilds that asked lately, the least lately used dropped first. Safe to use from many threads.

    A remembered selection is given out only for exactly the recordings it was made for, which are compared one by one: nothing shorter
    than that could promise that no guild ever sees another's songs.
    """

    def __init__(self, make: Callable[[IntArray], Selection], limit_bytes: int = REMEMBERED_BYTES) -> None:
        self._make = make
        self._limit = limit_bytes
        self._lock = threading.Lock()
        self._known: OrderedDict[tuple[int, ...], tuple[IntArray, Selection]] = OrderedDict()
        self._bytes = 0

    @property
    def nbytes(self) -> int:
        """Bytes of memory all remembered selections take."""
        return self._bytes

    def of(self, permitted: IntArray) -> Selection:
        """The selection of some recording ids, (n,) int64."""
        key = (len(permitted), *(int(permitted[i]) for i in (0, len(permitted) // 2, -1))) if len(permitted) else (0,)
        with self._lock:
            known = self._known.get(key)
            if known is not None:
                self._known.move_to_end(key)
        if known is not None and np.array_equal(known[0], permitted):
            return known[1]
        selection = self._make(permitted)
        self._remember(key, permitted.copy(), selection)
        return selection

    def _remember(self, key: tuple[int, ...], permitted: IntArray, selection: Selection) -> None:
        with self._lock:
            self._drop(key)
            self._known[key] = (permitted, selection)
            self._bytes += selection.nbytes + permitted.nbytes
            while self._known and (self._bytes > self._limit or len(self._known) > _REMEMBERED):
                self._drop(next(iter(self._known)))

    def _drop(self, key: tuple[int, ...]) -> None:
        dropped = self._known.pop(key, None)
        if dropped is not None:
            self._bytes -= dropped[1].nbytes + dropped[0].nbytes
