"""Tracks: a guild's own names and links for recordings. What one guild wrote about a recording never reaches another."""

from __future__ import annotations

import json
import os
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlite_utils import Database

from engine.catalogue.store import BUSY_TIMEOUT_S, MigrationProgress, Store
from engine.errors import NotFoundError
from engine.sources.local import clean

#: Owner of the tracks that ship with Emojuke.
STARTER_GUILD = 0
#: Owner of this machine's own catalogue, the one the command line works on. Discord's ids are far larger.
LOCAL_GUILD = 1
#: Whoever sits at this machine, where Discord's member ids don't apply.
LOCAL_MEMBER = 0

_REMEMBERED_PERMISSIONS = 64
_COLUMNS = "id, guild_id, recording_id, title, artist, genre, url, path, added_by, added_at"


@dataclass(frozen=True, slots=True)
class Track:
    """A recording as one guild knows it.

    Attributes:
        track_id: never reused.
        guild_id: the guild it belongs to, 0 for the starter.
        recording_id: the recording, which other guilds may have too.
        title: one clean line.
        artist: empty when unknown.
        genre: empty when unknown.
        url: where it can be heard, or None.
        path: the file on this machine, or None.
        added_by: member id.
        added_at: seconds since 1970, UTC.
    """

    track_id: int
    guild_id: int
    recording_id: int
    title: str
    artist: str
    genre: str
    url: str | None
    path: str | None
    added_by: int
    added_at: float


class Tracks(Store):
    """The part of the catalogue that holds what belongs to a guild."""

    def __init__(self, path: Path | str, *, busy_timeout_s: float = BUSY_TIMEOUT_S, progress: MigrationProgress | None = None) -> None:
        super().__init__(path, busy_timeout_s=busy_timeout_s, progress=progress)
        self._permissions: OrderedDict[tuple[int, ...], tuple[int, NDArray[np.int64]]] = OrderedDict()
        self._permissions_lock = threading.Lock()

    def add_track(
        self,
        guild_id: int,
        recording_id: int,
        title: str,
        artist: str = "",
        *,
        genre: str = "",
        url: str | None = None,
        path: Path | str | None = None,
        added_by: int = LOCAL_MEMBER,
    ) -> int:
        """Give a recording to a guild and return the track's id; where the guild has it already, that track's, unchanged.

        Title, artist and genre are reduced to one clean line each (:func:`engine.sources.local.clean`), so they may come from anywhere.

        Raises:
            NotFoundError: when there is no such recording.
        """
        with self.transaction() as db:
            if not db.execute("SELECT 1 FROM recordings WHERE id = ?", [recording_id]).fetchone():
                raise NotFoundError(f"there is no recording {recording_id}", "add the recording first")
            ensure_guild(db, guild_id)
            row = db.execute("SELECT id FROM tracks WHERE guild_id = ? AND recording_id = ?", [guild_id, recording_id]).fetchone()
            if row:
                return int(row[0])
            cursor = db.execute(
                "INSERT INTO tracks (guild_id, recording_id, title, artist, genre, url, path, added_by, added_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    guild_id,
                    recording_id,
                    clean(title),
                    clean(artist),
                    clean(genre),
                    url,
                    None if path is None else path_key(path),
                    added_by,
                    time.time(),
                ],
            )
            return int(cursor.lastrowid or 0)

    def track(self, track_id: int, guild_ids: Iterable[int] | None = None) -> Track:
        """One track.

        Args:
            track_id: of the track.
            guild_ids: the guilds the asker may see; None only for the operator of this machine.

        Raises:
            NotFoundError: when there is none, or it belongs to another guild; the two look alike.
        """
        where, values = _owned(guild_ids)
        with self.reading() as db:
            row = db.execute(f"SELECT {_COLUMNS} FROM tracks WHERE id = ?{where}", [track_id, *values]).fetchone()  # noqa: S608 - own text
        if row is None:
            raise _no_track(track_id)
        return _track(row)

    def tracks(self, guild_ids: Iterable[int], *, text: str | None = None, limit: int | None = None, offset: int = 0) -> list[Track]:
        """Tracks of some guilds, by artist and title; of a recording that several of them have, each guild's.

        Args:
            guild_ids: the guilds the asker may see.
            text: only those whose title or artist contains it, whatever its case (of A to Z).
            limit: at most so many.
            offset: leave out so many first.
        """
        where, values = _owned(guild_ids)
        if text:
            where += " AND (title LIKE ? ESCAPE '\\' OR artist LIKE ? ESCAPE '\\')"
            pattern = "%" + re.sub(r"([\\%_])", r"\\\1", clean(text)) + "%"
            values += [pattern, pattern]
        with self.reading() as db:
            rows = db.execute(
                f"SELECT {_COLUMNS} FROM tracks WHERE 1{where} ORDER BY artist COLLATE NOCASE, title COLLATE NOCASE, id LIMIT ? OFFSET ?",  # noqa: S608 - own text
                [*values, -1 if limit is None else limit, offset],
            ).fetchall()
        return [_track(row) for row in rows]

    def count_tracks(self, guild_ids: Iterable[int]) -> int:
        """How many tracks some guilds have together."""
        where, values = _owned(guild_ids)
        with self.reading() as db:
            return int(db.execute(f"SELECT count(*) FROM tracks WHERE 1{where}", values).fetchone()[0])  # noqa: S608 - own text

    def tracks_for(self, recording_ids: Sequence[int] | NDArray[np.int64], guild_ids: Sequence[int]) -> dict[int, Track]:
        """How to show some recordings to somebody who may see some guilds: recording id → one track each.

        Where several of the guilds have a recording, the one named first wins, and any guild wins over the starter. A recording that
        none of them has is left out.
        """
        guilds = [int(guild) for guild in guild_ids]
        order = {guild: place for place, guild in reversed(list(enumerate(guilds)))}
        order[STARTER_GUILD] = len(guilds)
        where, values = _owned(guilds)
        with self.reading() as db:
            rows = db.execute(
                f"SELECT {_COLUMNS} FROM tracks WHERE recording_id IN (SELECT value FROM json_each(?)){where}",  # noqa: S608 - own text
                [json.dumps([int(recording) for recording in recording_ids]), *values],
            ).fetchall()
        found = sorted((_track(row) for row in rows), key=lambda track: order[track.guild_id], reverse=True)
        return {track.recording_id: track for track in found}

    def remove_track(self, track_id: int, guild_ids: Iterable[int] | None = None) -> Track:
        """Take a track away and return what it was. The last track of a recording takes the recording, its segments and votes with it.

        Raises:
            NotFoundError: as :meth:`track`.
        """
        with self.transaction() as db:
            track = self.track(track_id, guild_ids)
            db.execute("DELETE FROM tracks WHERE id = ?", [track_id])
            remove_orphans(db, [track.recording_id])
        return track

    def remove_guild(self, guild_id: int) -> int:
        """Take away all that belongs to a guild (tracks, votes, jobs, errors, settings) and return how many tracks it had."""
        with self.transaction() as db:
            owned = [int(row[0]) for row in db.execute("SELECT recording_id FROM tracks WHERE guild_id = ?", [guild_id])]
            db.execute("DELETE FROM guilds WHERE id = ?", [guild_id])
            remove_orphans(db, owned)
        return len(owned)

    def permitted(self, guild_ids: Iterable[int]) -> NDArray[np.int64]:
        """The recordings some guilds have: their ids, sorted, each once, (n,) int64, not to be written to.

        Remembered until the :meth:`generation` changes, so that it can be asked with every query.
        """
        key = tuple(sorted({int(guild) for guild in guild_ids}))
        with self.reading() as db:
            generation = _generation(db)
            with self._permissions_lock:
                known = self._permissions.get(key)
            if known is not None and known[0] == generation:
                return known[1]
            rows = db.execute(
                "SELECT DISTINCT recording_id FROM tracks WHERE guild_id IN (SELECT value FROM json_each(?)) ORDER BY recording_id",
                [json.dumps(key)],
            ).fetchall()
        ids = np.fromiter((row[0] for row in rows), dtype=np.int64, count=len(rows))
        ids.setflags(write=False)
        if self.in_transaction:
            return ids  # what may still be rolled back must not be remembered
        with self._permissions_lock:
            self._permissions[key] = (generation, ids)
            self._permissions.move_to_end(key)
            while len(self._permissions) > _REMEMBERED_PERMISSIONS:
                self._permissions.popitem(last=False)
        return ids

    def generation(self) -> int:
        """A number that rises whenever a track comes or goes or a recording is scored anew, by whichever process: caches compare it."""
        with self.reading() as db:
            return _generation(db)

    def guild_settings(self, guild_id: int) -> dict[str, Any]:
        """What a guild has set, empty when nothing."""
        with self.reading() as db:
            row = db.execute("SELECT settings FROM guilds WHERE id = ?", [guild_id]).fetchone()
        return dict(json.loads(row[0])) if row else {}

    def set_guild_settings(self, guild_id: int, settings: dict[str, Any]) -> None:
        """Replace what a guild has set."""
        with self.transaction() as db:
            ensure_guild(db, guild_id)
            db.execute("UPDATE guilds SET settings = ? WHERE id = ?", [json.dumps(settings, ensure_ascii=False), guild_id])


def path_key(path: Path | str) -> str | bytes:
    """A path as it is stored: text, or bytes where the name is not valid Unicode."""
    name = os.fspath(path)
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return os.fsencode(name)
    return name


def path_name(stored: str | bytes) -> str:
    """The inverse of :func:`path_key`."""
    return os.fsdecode(stored)


def ensure_guild(db: Database, guild_id: int) -> None:
    """A row for the guild, inside a transaction."""
    db.execute("INSERT INTO guilds (id) VALUES (?) ON CONFLICT DO NOTHING", [guild_id])


def remove_orphans(db: Database, recording_ids: Iterable[int]) -> None:
    """Remove those of the recordings that no guild has any more, inside a transaction."""
    db.execute(
        "DELETE FROM recordings WHERE id IN (SELECT value FROM json_each(?))"
        " AND NOT EXISTS (SELECT 1 FROM tracks WHERE recording_id = recordings.id)",
        [json.dumps([int(recording) for recording in recording_ids])],
    )


def _owned(guild_ids: Iterable[int] | None) -> tuple[str, list[Any]]:
    if guild_ids is None:
        return "", []
    return " AND guild_id IN (SELECT value FROM json_each(?))", [json.dumps([int(guild) for guild in guild_ids])]


def _generation(db: Database) -> int:
    return int(db.execute("SELECT value FROM meta WHERE key = 'generation'").fetchone()[0])


def _track(row: tuple[Any, ...]) -> Track:
    track_id, guild_id, recording_id, title, artist, genre, url, path, added_by, added_at = row
    return Track(track_id, guild_id, recording_id, title, artist, genre, url, None if path is None else path_name(path), added_by, added_at)


def _no_track(track_id: int) -> NotFoundError:
    return NotFoundError(f"there is no track {track_id}", "list the catalogue to see what is there")
