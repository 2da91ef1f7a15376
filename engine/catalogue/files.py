"""Files on this machine: which track each one became, and which could not be used and why. Both hold until the file changes."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from sqlite_utils import Database

from engine.catalogue.recordings import Recordings
from engine.catalogue.tracks import LOCAL_MEMBER, Track, Tracks, ensure_guild, path_key, path_name, remove_orphans
from engine.sources.local import clean

if TYPE_CHECKING:
    from engine.scoring import ScoredRecording

#: Longest reason kept.
_REASON_LIMIT = 1000


@dataclass(frozen=True, slots=True)
class FileStamp:
    """What tells whether a file changed: its size in bytes, and the times of its content and of its entry in ns since 1970."""

    size: int
    mtime_ns: int
    ctime_ns: int

    @classmethod
    def of(cls, path: Path) -> FileStamp:
        """The stamp of a file.

        Raises:
            OSError: when it is not there or may not be looked at.
        """
        status = path.stat()
        return cls(status.st_size, status.st_mtime_ns, status.st_ctime_ns)


#: Stands for a file that could not even be looked at; no real file has it, so it is looked at again each time.
NO_STAMP = FileStamp(-1, -1, -1)


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that became a track: its stamp, the track, whether the track plays this very file, and the model that scored it."""

    size: int
    mtime_ns: int
    track_id: int
    is_main: bool
    model_version: str

    def unchanged(self, stamp: FileStamp) -> bool:
        """Whether the content is what it was. A new ctime alone (a rename, a permission) is no change."""
        return (self.size, self.mtime_ns) == (stamp.size, stamp.mtime_ns)


@dataclass(frozen=True, slots=True)
class FileError:
    """A file that could not be used: why, how often it was tried, and when (seconds since 1970, UTC)."""

    path: str
    stamp: FileStamp
    reason: str
    tries: int
    first_at: float
    last_at: float


@dataclass(frozen=True, slots=True)
class FileNames:
    """How a file's recording is to be called: from its tags, or from its name where it has none."""

    title: str
    artist: str = ""
    genre: str = ""


class Files(Recordings, Tracks):
    """The part of the catalogue that knows files."""

    def stored_files(self, guild_id: int) -> dict[str, StoredFile]:
        """All files of a guild's tracks, by path."""
        with self.reading() as db:
            rows = db.execute(
                "SELECT files.path, size, mtime_ns, track_id, files.path IS tracks.path, version FROM files"
                " JOIN tracks ON tracks.id = track_id JOIN recordings ON recordings.id = recording_id JOIN models ON models.id = model_id"
                " WHERE files.guild_id = ?",
                [guild_id],
            ).fetchall()
        return {path_name(path): StoredFile(size, mtime, track, bool(main), version) for path, size, mtime, track, main, version in rows}

    def put_file(
        self,
        guild_id: int,
        path: Path,
        stamp: FileStamp,
        scored: ScoredRecording,
        names: FileNames,
        *,
        added_by: int = LOCAL_MEMBER,
    ) -> tuple[Literal["added", "known"], int]:
        """Store a scored file for a guild in one transaction; return what became of it and the track's id.

        * A recording that is new here is stored with its segments and keys, and becomes a track: added.
        * One that only other guilds have is shared with them and becomes a track of this guild: added.
        * One the guild has already is known. When the file its track named is gone, the track now names this one (it was moved); when
          this is that file, its names and scores are brought up to date.
        * When this path held another recording before, that one's track goes, unless another of its files is still there.

        Raises:
            CatalogueError: when it cannot be stored; nothing of it is then.
        """
        key = path_key(path)
        with self.transaction() as db:
            before = db.execute("SELECT track_id FROM files WHERE guild_id = ? AND path = ?", [guild_id, key]).fetchone()
            recording_id = self.find_same(scored.fingerprint, scored.duration_s)
            track = None if recording_id is None else self.tracks_for([recording_id], [guild_id]).get(recording_id)
            if track is not None:
                self._meet_again(db, track, path, scored, names)
                track_id = track.track_id
            else:
                if recording_id is None:
                    recording_id = self.add_recording(scored)
                track_id = self.add_track(
                    guild_id, recording_id, names.title, names.artist, genre=names.genre, path=path, added_by=added_by
                )
            db.execute(
                "INSERT OR REPLACE INTO files (guild_id, path, size, mtime_ns, track_id) VALUES (?, ?, ?, ?, ?)",
                [guild_id, key, stamp.size, stamp.mtime_ns, track_id],
            )
            if before is not None and int(before[0]) != track_id:
                self._leave(db, int(before[0]), path)
            self.clear_error(guild_id, path)
        return ("added" if track is None else "known"), track_id

    def mend_paths(self, guild_id: int) -> int:
        """Let tracks whose file is gone or broken name another of their files that is neither; return how many were mended."""
        with self.transaction() as db:
            spare = db.execute(
                "SELECT track_id, tracks.path, files.path FROM files JOIN tracks ON tracks.id = track_id"
                " WHERE files.guild_id = ? AND files.path IS NOT tracks.path ORDER BY files.path DESC",
                [guild_id],
            ).fetchall()
            mended = {
                track_id: (old, new) for track_id, old, new in spare if not _is_sound(db, guild_id, old) and _is_sound(db, guild_id, new)
            }
            for track_id, (old, new) in mended.items():
                db.execute("UPDATE tracks SET path = ? WHERE id = ?", [new, track_id])
                db.execute("DELETE FROM files WHERE guild_id = ? AND path = ?", [guild_id, old])
        return len(mended)

    def put_error(self, guild_id: int, path: Path, stamp: FileStamp, reason: str) -> None:
        """Remember that a file could not be used, and count the try."""
        now = time.time()
        with self.transaction() as db:
            ensure_guild(db, guild_id)
            db.execute(
                "INSERT INTO errors (guild_id, path, size, mtime_ns, ctime_ns, reason, tries, first_at, last_at)"
                " VALUES (?, ?, ?, ?, ?, ?, 1, ?, ?) ON CONFLICT (guild_id, path) DO UPDATE SET size = excluded.size,"
                " mtime_ns = excluded.mtime_ns, ctime_ns = excluded.ctime_ns, reason = excluded.reason, tries = tries + 1,"
                " last_at = excluded.last_at",
                [guild_id, path_key(path), stamp.size, stamp.mtime_ns, stamp.ctime_ns, _presentable(reason), now, now],
            )

    def errors(self, guild_id: int) -> list[FileError]:
        """The files of a guild that could not be used, by path."""
        with self.reading() as db:
            rows = db.execute(
                "SELECT path, size, mtime_ns, ctime_ns, reason, tries, first_at, last_at FROM errors WHERE guild_id = ? ORDER BY path",
                [guild_id],
            ).fetchall()
        return [FileError(path_name(row[0]), FileStamp(*row[1:4]), *row[4:]) for row in rows]

    def forget_missing_errors(self, guild_id: int) -> int:
        """Forget the files that could not be used and are no longer there; return how many."""
        with self.transaction():
            return sum(self.clear_error(guild_id, Path(error.path)) for error in self.errors(guild_id) if not os.path.lexists(error.path))

    def clear_error(self, guild_id: int, path: Path) -> bool:
        """Forget that a file could not be used, so that the next import tries it again; False when there was nothing to forget."""
        with self.transaction() as db:
            return db.execute("DELETE FROM errors WHERE guild_id = ? AND path = ?", [guild_id, path_key(path)]).rowcount > 0

    def _meet_again(self, db: Database, track: Track, path: Path, scored: ScoredRecording, names: FileNames) -> None:
        old = None if track.path is None else path_key(track.path)
        if track.path != os.fspath(path) and not _is_sound(db, track.guild_id, old):
            db.execute("DELETE FROM files WHERE guild_id = ? AND path = ?", [track.guild_id, old])
            db.execute("UPDATE tracks SET path = ? WHERE id = ?", [path_key(path), track.track_id])
        elif track.path == os.fspath(path):
            db.execute(
                "UPDATE tracks SET title = ?, artist = ?, genre = ? WHERE id = ?",
                [clean(names.title), clean(names.artist), clean(names.genre), track.track_id],
            )
            if self.recording(track.recording_id).model_version != scored.model_version:
                self.update_scores(track.recording_id, scored)

    def _leave(self, db: Database, track_id: int, path: Path) -> None:
        """The file at ``path`` no longer holds the recording of that track."""
        track = self.track(track_id)
        if track.path != os.fspath(path):
            return
        others = [row[0] for row in db.execute("SELECT path FROM files WHERE track_id = ? ORDER BY path", [track_id])]
        left = next((other for other in others if _is_sound(db, track.guild_id, other)), None)
        if left is not None:
            db.execute("UPDATE tracks SET path = ? WHERE id = ?", [left, track_id])
            return
        db.execute("DELETE FROM tracks WHERE id = ?", [track_id])
        remove_orphans(db, [track.recording_id])


def _is_sound(db: Database, guild_id: int, path: str | bytes | None) -> bool:
    """Whether the file, by its stored path, is there and not among the errors."""
    if path is None or not os.path.lexists(path_name(path)):
        return False
    return db.execute("SELECT 1 FROM errors WHERE guild_id = ? AND path = ?", [guild_id, path]).fetchone() is None


def _presentable(reason: str) -> str:
    """``reason`` as text SQLite can hold: a file name in it may not be valid Unicode."""
    return reason.encode("utf-8", "backslashreplace").decode("utf-8")[:_REASON_LIMIT]
