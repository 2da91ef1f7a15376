"""Recordings and their segments: raw scores, fingerprints, and the tables an index is built from. Shared by all guilds, so nameless."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from sqlite_utils import Database

from engine.affect import AXES, N_EMOJI, FloatArray
from engine.audio.fingerprint import keys, probes, same_recording
from engine.catalogue.blobs import halves, pack_halves, pack_singles, pack_words, raw_halves, singles, words
from engine.catalogue.store import Store
from engine.encoders.base import AudioScore
from engine.errors import CatalogueError, NotFoundError

if TYPE_CHECKING:
    from engine.scoring import ScoredRecording

#: Rows read for one fingerprint key. A key that more recordings share (silence, a test tone) says little, and reading them all
#: would make every import slower as the library grows.
POSTINGS_PER_KEY = 64
#: Recordings whose whole fingerprints are compared, those that share most keys first.
CANDIDATES = 8


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """What is stored of a recording as a whole.

    Attributes:
        recording_id: never reused.
        uid: stable outside name such as ``deam:2``, or None.
        duration_s: length in seconds.
        vad: (3,) float32 raw.
        emoji: (62,) float32 raw, summing to 1 within fp16 rounding.
        model_version: of the model that made the scores.
    """

    recording_id: int
    uid: str | None
    duration_s: float
    vad: FloatArray
    emoji: FloatArray
    model_version: str


@dataclass(frozen=True, slots=True, eq=False)
class Segments:
    """The n segments of one recording in order of time.

    Attributes:
        starts: (n,) float32 seconds.
        ends: (n,) float32 seconds.
        scores: raw scores, embeddings and uncertainties.
        model_version: of the model that made them.
    """

    starts: FloatArray
    ends: FloatArray
    scores: AudioScore
    model_version: str


@dataclass(frozen=True, slots=True, eq=False)
class SongTable:
    """The raw scores of n recordings, in order of their ids.

    Attributes:
        recording_ids: (n,) int64.
        vad: (n, 3) float32.
        emoji: (n, 62) float32.
        model_versions: (n,) str.
    """

    recording_ids: NDArray[np.int64]
    vad: FloatArray
    emoji: FloatArray
    model_versions: NDArray[np.str_]


@dataclass(frozen=True, slots=True, eq=False)
class SegmentTable:
    """The raw scores of m segments, in order of their recordings' ids and time.

    Attributes:
        segment_ids: (m,) int64, never reused.
        recording_ids: (m,) int64, the recording each belongs to.
        starts: (m,) float32 seconds.
        ends: (m,) float32 seconds.
        vad: (m, 3) float32.
        emoji: (m, 62) float32.
        model_versions: (m,) str.
    """

    segment_ids: NDArray[np.int64]
    recording_ids: NDArray[np.int64]
    starts: FloatArray
    ends: FloatArray
    vad: FloatArray
    emoji: FloatArray
    model_versions: NDArray[np.str_]


class Recordings(Store):
    """The part of the catalogue that holds recordings."""

    def add_recording(self, scored: ScoredRecording, uid: str | None = None) -> int:
        """Store a recording with its segments, embeddings and fingerprint keys, all or nothing, and return its id.

        It does not look for the same recording; :meth:`find_same` does.

        Raises:
            CatalogueError: when it cannot be stored, or the uid is taken.
        """
        with self.transaction() as db:
            if uid is not None and db.execute("SELECT 1 FROM recordings WHERE uid = ?", [uid]).fetchone():
                raise CatalogueError(f"the recording {uid} is stored already", "update its scores instead")
            cursor = db.execute(
                "INSERT INTO recordings (uid, duration_s, model_id, vad, emoji, created_at) VALUES (?, ?, ?, ?, ?, ?)",
                [
                    uid,
                    float(scored.duration_s),
                    _model_id(db, scored.model_version),
                    *pack_singles(scored.song_vad[None], len(AXES)),
                    *pack_halves(scored.song_emoji[None], N_EMOJI),
                    time.time(),
                ],
            )
            recording_id = int(cursor.lastrowid or 0)
            self._put_segments(db, recording_id, scored)
            self._put_fingerprint(db, recording_id, scored.fingerprint)
        return recording_id

    def update_scores(self, recording_id: int, scored: ScoredRecording) -> None:
        """Replace the scores and segments of a recording by those of a newer model. Its id, fingerprint, tracks and votes stay.

        Raises:
            NotFoundError: when there is no such recording.
        """
        with self.transaction() as db:
            changed = db.execute(
                "UPDATE recordings SET duration_s = ?, model_id = ?, vad = ?, emoji = ? WHERE id = ?",
                [
                    float(scored.duration_s),
                    _model_id(db, scored.model_version),
                    *pack_singles(scored.song_vad[None], len(AXES)),
                    *pack_halves(scored.song_emoji[None], N_EMOJI),
                    recording_id,
                ],
            ).rowcount
            if not changed:
                raise _no_recording(recording_id)
            db.execute("DELETE FROM segments WHERE recording_id = ?", [recording_id])
            self._put_segments(db, recording_id, scored)

    def recording(self, recording_id: int) -> Recording:
        """One recording.

        Raises:
            NotFoundError: when there is no such recording.
        """
        with self.reading() as db:
            row = db.execute(
                "SELECT uid, duration_s, vad, emoji, version FROM recordings JOIN models ON models.id = model_id WHERE recordings.id = ?",
                [recording_id],
            ).fetchone()
        if row is None:
            raise _no_recording(recording_id)
        uid, duration_s, vad, emoji, version = row
        return Recording(recording_id, uid, duration_s, singles(vad, len(AXES))[0], halves(emoji, N_EMOJI)[0], version)

    def segments(self, recording_id: int) -> Segments:
        """The segments of one recording with their embeddings.

        Raises:
            NotFoundError: when there is no such recording.
        """
        with self.reading() as db:
            rows = db.execute(
                "SELECT start_s, end_s, vad, uncertainty, emoji, embedding, version FROM segments"
                " JOIN models ON models.id = segments.model_id JOIN embeddings ON segment_id = segments.id"
                " WHERE recording_id = ? ORDER BY start_s, segments.id",
                [recording_id],
            ).fetchall()
        if not rows:
            raise _no_recording(recording_id)
        starts, ends, vad, uncertainty, emoji, embedding, versions = zip(*rows, strict=True)
        scores = AudioScore(
            vad=singles(b"".join(vad), len(AXES)),
            emoji=halves(b"".join(emoji), N_EMOJI),
            embedding=raw_halves(b"".join(embedding), len(rows)),
            uncertainty=singles(b"".join(uncertainty), 2),
        )
        return Segments(np.asarray(starts, dtype=np.float32), np.asarray(ends, dtype=np.float32), scores, versions[0])

    def find_same(self, fingerprint: NDArray[np.uint32], duration_s: float) -> int | None:
        """The stored recording that sounds like this one, or None; the one nearest in length where there are several.

        The fingerprint's words are looked up among the few stored of each recording; those that share most are compared in full.
        The rows visited are bounded by the length of the fingerprint, however large the library.

        Args:
            fingerprint: (f,) uint32 raw Chromaprint; an empty one is like nothing.
            duration_s: length of the recording in seconds.
        """
        with self.reading() as db:
            hits = Counter(recording_id for key in probes(fingerprint).tolist() for recording_id in _postings(db, key))
            stored = [
                (abs(duration - duration_s), recording_id, words(blob))
                for recording_id, _ in hits.most_common(CANDIDATES)
                for blob, duration in db.execute(
                    "SELECT words, duration_s FROM fingerprints JOIN recordings ON recordings.id = recording_id WHERE recording_id = ?",
                    [recording_id],
                )
            ]
        same = [(gap, recording_id) for gap, recording_id, other in stored if same_recording(fingerprint, other)]
        return min(same)[1] if same else None

    def song_table(self, guilds: Iterable[int] | None = None, recordings: Sequence[int] | None = None) -> SongTable:
        """Raw scores of all recordings, of those some guilds have, or of some by id."""
        where, values = _chosen("recordings.id", guilds, recordings)
        with self.reading() as db:
            versions = _versions(db)
            rows = db.execute(f"SELECT id, model_id, vad, emoji FROM recordings{where} ORDER BY id", values).fetchall()  # noqa: S608 - own text
        ids, models, vad, emoji = zip(*rows, strict=True) if rows else ((), (), (), ())
        return SongTable(
            np.asarray(ids, dtype=np.int64),
            singles(b"".join(vad), len(AXES)),
            halves(b"".join(emoji), N_EMOJI),
            versions[np.asarray(models, dtype=np.int64)],
        )

    def segment_table(self, guilds: Iterable[int] | None = None, recordings: Sequence[int] | None = None) -> SegmentTable:
        """Raw scores of the segments of all recordings, of those some guilds have, or of some by id."""
        where, values = _chosen("recording_id", guilds, recordings)
        with self.reading() as db:
            versions = _versions(db)
            rows = db.execute(
                f"SELECT id, recording_id, start_s, end_s, model_id, vad, emoji FROM segments{where} ORDER BY recording_id, start_s",  # noqa: S608 - own text
                values,
            ).fetchall()
        ids, owners, starts, ends, models, vad, emoji = zip(*rows, strict=True) if rows else ((), (), (), (), (), (), ())
        return SegmentTable(
            np.asarray(ids, dtype=np.int64),
            np.asarray(owners, dtype=np.int64),
            np.asarray(starts, dtype=np.float32),
            np.asarray(ends, dtype=np.float32),
            singles(b"".join(vad), len(AXES)),
            halves(b"".join(emoji), N_EMOJI),
            versions[np.asarray(models, dtype=np.int64)],
        )

    def _put_segments(self, db: Database, recording_id: int, scored: ScoredRecording) -> None:
        scores = scored.segments
        n = len(scored.starts)
        if n == 0 or not (
            n == len(scored.ends) == len(scores.vad) == len(scores.uncertainty) == len(scores.emoji) == len(scores.embedding)
        ):
            raise ValueError("a scored recording needs one start, end and score per segment, and at least one segment")
        model = _model_id(db, scored.model_version)
        first = _next_segment_id(db)
        ids = range(first, first + n)
        db.conn.executemany(
            "INSERT INTO segments (id, recording_id, model_id, start_s, end_s, vad, uncertainty, emoji) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            zip(
                ids,
                [recording_id] * n,
                [model] * n,
                np.asarray(scored.starts, dtype=np.float64).tolist(),
                np.asarray(scored.ends, dtype=np.float64).tolist(),
                pack_singles(scores.vad, len(AXES)),
                pack_singles(scores.uncertainty, 2),
                pack_halves(scores.emoji, N_EMOJI),
                strict=True,
            ),
        )
        db.conn.executemany(
            "INSERT INTO embeddings (segment_id, model_id, embedding) VALUES (?, ?, ?)",
            zip(ids, [model] * n, pack_halves(scores.embedding), strict=True),
        )

    def _put_fingerprint(self, db: Database, recording_id: int, fingerprint: NDArray[np.uint32]) -> None:
        if not len(fingerprint):
            return
        db.execute("INSERT INTO fingerprints (recording_id, words) VALUES (?, ?)", [recording_id, pack_words(fingerprint)])
        db.conn.executemany(
            "INSERT INTO fingerprint_keys (key, recording_id) VALUES (?, ?)",
            [(key, recording_id) for key in keys(fingerprint).tolist()],
        )


def _postings(db: Database, key: int) -> list[int]:
    rows = db.conn.execute("SELECT recording_id FROM fingerprint_keys WHERE key = ? LIMIT ?", [key, POSTINGS_PER_KEY])
    return [int(row[0]) for row in rows]


def _model_id(db: Database, version: str) -> int:
    db.execute("INSERT INTO models (version) VALUES (?) ON CONFLICT DO NOTHING", [version])
    return int(db.execute("SELECT id FROM models WHERE version = ?", [version]).fetchone()[0])


def _versions(db: Database) -> NDArray[np.str_]:
    """Model versions such that the one with id i is at i."""
    found = dict(db.execute("SELECT id, version FROM models"))
    return np.asarray([found.get(i, "") for i in range(max(found, default=0) + 1)], dtype=np.str_)


def _next_segment_id(db: Database) -> int:
    row = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'segments'").fetchone()
    return 1 if row is None else int(row[0]) + 1


def _chosen(column: str, guilds: Iterable[int] | None, recordings: Sequence[int] | None) -> tuple[str, list[str]]:
    """A WHERE clause. Ids travel as one JSON list each, so that there may be any number of them."""
    parts, values = [], []
    if guilds is not None:
        parts.append(f"{column} IN (SELECT recording_id FROM tracks WHERE guild_id IN (SELECT value FROM json_each(?)))")  # noqa: S608 - own text
        values.append(json.dumps([int(guild) for guild in guilds]))
    if recordings is not None:
        parts.append(f"{column} IN (SELECT value FROM json_each(?))")  # noqa: S608 - own text
        values.append(json.dumps([int(recording) for recording in recordings]))
    return (" WHERE " + " AND ".join(parts) if parts else ""), values


def _no_recording(recording_id: int) -> NotFoundError:
    return NotFoundError(f"there is no recording {recording_id}", "list the catalogue to see what is there")
