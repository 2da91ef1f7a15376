"""From the catalogue's raw scores to an index: the cross-modal map first, then the search vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from engine.affect import VAD_WEIGHT, FloatArray, to_vectors
from engine.calibration import ModalityMap
from engine.index.affect_index import ALPHA, AffectIndex
from engine.index.part import EXACT_LIMIT
from engine.index.points import CHUNK

if TYPE_CHECKING:
    from engine.catalogue import SegmentTable, SongTable


def search_vectors(vad: FloatArray, emoji: FloatArray, audio: ModalityMap, w: float = VAD_WEIGHT) -> FloatArray:
    """Raw audio scores, (n, 3) VAD and (n, 62) emoji, as (n, 65) float32 search vectors on the common scale; a chunk at a time."""
    vectors = np.empty((len(vad), vad.shape[1] + emoji.shape[1]), dtype=np.float32)
    for start in range(0, len(vad), CHUNK):
        part = slice(start, start + CHUNK)
        vectors[part] = to_vectors(audio.vad(vad[part]), audio.emoji(emoji[part]), w)
    return vectors


def build_index(
    songs: SongTable,
    segments: SegmentTable,
    audio: ModalityMap,
    model_version: str,
    *,
    w: float = VAD_WEIGHT,
    alpha: float = ALPHA,
    exact_limit: int = EXACT_LIMIT,
    source: str = "",
) -> AffectIndex:
    """Build the index of what one model scored.

    Args:
        songs: the catalogue's songs, all or some.
        segments: their segments; segments of other songs are left out.
        audio: the cross-modal map of ``model_version``.
        model_version: rows of other versions are left out, because versions never mix in one index. The starter's scores carry the
            version with ``+oof`` behind it and belong to it.
        w: weight of VAD.
        alpha: weight of the song as a whole.
        exact_limit: permitted vectors up to which a search is exact.
        source: what the index is built from, such as the catalogue's generation.
    """
    same_songs = _of_version(songs.model_versions, model_version)
    ids = songs.recording_ids[same_songs]
    same_segments = _of_version(segments.model_versions, model_version) & np.isin(segments.recording_ids, ids)
    return AffectIndex.build(
        ids,
        search_vectors(songs.vad[same_songs], songs.emoji[same_songs], audio, w),
        segments.recording_ids[same_segments],
        segments.starts[same_segments],
        segments.ends[same_segments],
        search_vectors(segments.vad[same_segments], segments.emoji[same_segments], audio, w),
        model_version,
        w=w,
        alpha=alpha,
        exact_limit=exact_limit,
        source=source,
    )


def _of_version(versions: np.ndarray[tuple[int], np.dtype[np.str_]], wanted: str) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return np.isin(versions, (wanted, f"{wanted}+oof"))
