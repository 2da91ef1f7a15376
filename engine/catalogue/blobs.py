"""Arrays as SQLite blobs and back: little-endian, so that a database file means the same on every machine."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.affect import FloatArray


def pack_singles(values: ArrayLike, width: int) -> list[bytes]:
    """(n, width) floats as n blobs of fp32.

    Raises:
        ValueError: when the shape is wrong or a number is not finite.
    """
    return _pack(values, "<f4", width)


def pack_halves(values: ArrayLike, width: int | None = None) -> list[bytes]:
    """(n, width) floats, of any width when none is given, as n blobs of fp16.

    Raises:
        ValueError: when the shape is wrong or a number is not finite in fp16.
    """
    return _pack(values, "<f2", width)


def singles(blob: bytes, width: int) -> FloatArray:
    """Rows of ``width`` fp32 numbers joined in one blob → (n, width) float32."""
    return np.frombuffer(blob, dtype="<f4").astype(np.float32, copy=False).reshape(-1, width)


def halves(blob: bytes, width: int) -> FloatArray:
    """Rows of ``width`` fp16 numbers joined in one blob → (n, width) float32."""
    return np.frombuffer(blob, dtype="<f2").astype(np.float32).reshape(-1, width)


def raw_halves(blob: bytes, rows: int) -> NDArray[Any]:
    """``rows`` rows of fp16 numbers joined in one blob → (rows, d) float16, as embeddings stay."""
    return np.frombuffer(blob, dtype="<f2").astype(np.float16, copy=False).reshape(rows, -1)


def pack_words(words: NDArray[np.uint32]) -> bytes:
    """(f,) uint32 fingerprint words as bytes."""
    return np.ascontiguousarray(words, dtype="<u4").tobytes()


def words(blob: bytes) -> NDArray[np.uint32]:
    """The (f,) uint32 fingerprint :func:`pack_words` packed."""
    return np.frombuffer(blob, dtype="<u4").astype(np.uint32, copy=False)


def _pack(values: ArrayLike, dtype: str, width: int | None) -> list[bytes]:
    with np.errstate(over="ignore"):  # a number too large for fp16 becomes infinite and is refused below
        rows = np.ascontiguousarray(values, dtype=dtype)
    if rows.ndim != 2 or (width is not None and rows.shape[1] != width):
        raise ValueError(f"expected rows of {'some' if width is None else width} numbers, not {rows.shape}")
    if not np.isfinite(rows).all():
        raise ValueError("scores must be finite")
    return [row.tobytes() for row in rows]
