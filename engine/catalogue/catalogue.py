"""The whole catalogue, and what touches several of its parts at once."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.catalogue.files import Files
from engine.catalogue.jobs import Jobs
from engine.catalogue.tracks import LOCAL_MEMBER, STARTER_GUILD, ensure_guild, remove_orphans
from engine.catalogue.votes import Votes
from engine.sources.local import clean

if TYPE_CHECKING:
    from engine.starter import StarterItem

_STARTER_VERSION = "starter_version"


class Catalogue(Files, Votes, Jobs):
    """Everything Emojuke stores about songs and votes, in one SQLite file; see :class:`engine.catalogue.store.Store` for opening it.

    Example:
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> from engine.catalogue import LOCAL_GUILD, Catalogue
        >>> with TemporaryDirectory() as folder, Catalogue(Path(folder) / "catalogue.db") as catalogue:
        ...     catalogue.count_tracks([LOCAL_GUILD])
        0
    """

    def meta(self, key: str) -> str | None:
        """What was remembered under a name, or None."""
        with self.reading() as db:
            row = db.execute("SELECT value FROM meta WHERE key = ?", [key]).fetchone()
        return None if row is None else str(row[0])

    def set_meta(self, key: str, value: str) -> None:
        """Remember something under a name."""
        with self.transaction() as db:
            db.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", [key, value])

    def check(self) -> list[str]:
        """What SQLite finds wrong with the file, at most three sentences; empty when it is sound. Takes as long as reading it all."""
        with self.reading() as db:
            rows = db.execute("PRAGMA integrity_check(3)").fetchall()
            dangling = db.execute("PRAGMA foreign_key_check").fetchall()
        found = [str(row[0]) for row in rows if row[0] != "ok"]
        return found + ([f"{len(dangling)} rows point at nothing"] if dangling else [])

    def starter_version(self) -> str | None:
        """The version :meth:`sync_starter` last stored, or None. Ask first: it is cheaper than loading the starter."""
        return self.meta(_STARTER_VERSION)

    def sync_starter(self, items: Sequence[StarterItem], version: str) -> int:
        """Make the starter guild hold exactly these songs, in one transaction, and return how many were written.

        Songs are recognised by their uid and keep their ids. Nothing is done when this version is stored already; songs that are no
        longer among the items go.
        """
        if self.starter_version() == version:
            return 0
        with self.transaction() as db:
            if self.starter_version() == version:  # another process was first
                return 0
            ensure_guild(db, STARTER_GUILD)
            ids = {str(uid): int(recording_id) for uid, recording_id in db.execute("SELECT uid, id FROM recordings WHERE uid IS NOT NULL")}
            named = {
                int(recording_id): int(track_id)
                for recording_id, track_id in db.execute("SELECT recording_id, id FROM tracks WHERE guild_id = ?", [STARTER_GUILD])
            }
            gone = named.keys() - {ids[item.uid] for item in items if item.uid in ids}
            db.conn.executemany("DELETE FROM tracks WHERE id = ?", [(named[recording_id],) for recording_id in gone])
            remove_orphans(db, gone)
            for item in items:
                if item.uid in ids:
                    recording_id = ids[item.uid]
                    self.update_scores(recording_id, item.scored)
                else:
                    recording_id = self.add_recording(item.scored, item.uid)
                text = [clean(item.title), clean(item.artist), clean(item.genre), item.url]
                db.execute(
                    "INSERT INTO tracks (guild_id, recording_id, title, artist, genre, url, added_by, added_at)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (guild_id, recording_id) DO UPDATE SET"
                    " title = excluded.title, artist = excluded.artist,"
                    " genre = excluded.genre, url = excluded.url",
                    [STARTER_GUILD, recording_id, *text, LOCAL_MEMBER, time.time()],
                )
            self.set_meta(_STARTER_VERSION, version)
        return len(items)
