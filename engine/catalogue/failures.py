"""What SQLite and the file system say when they fail, as one sentence with a mend."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.errors import CatalogueError

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class FailureSentences:
    """Turns the errors of one database file into CatalogueErrors.

    Args:
        path: the database file.
        busy_timeout_s: how long SQLite waits for another process, to be named in the sentence.
    """

    def __init__(self, path: Path, busy_timeout_s: float) -> None:
        self._path = path
        self._busy_timeout_s = busy_timeout_s

    @contextmanager
    def of_sql(self) -> Iterator[None]:
        """Raise CatalogueError for every sqlite3 error inside."""
        try:
            yield
        except sqlite3.Error as error:
            raise self._of_sqlite(error) from error

    @contextmanager
    def of_files(self) -> Iterator[None]:
        """Raise CatalogueError for every sqlite3 or operating system error inside."""
        try:
            with self.of_sql():
                yield
        except OSError as error:
            raise self._of_system(error) from error

    def _of_sqlite(self, error: sqlite3.Error) -> CatalogueError:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF  # the low byte is the primary code
        folder = self._path.parent
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return CatalogueError(
                f"the catalogue {self._path} is locked by another process and was not free within {self._busy_timeout_s:g} s",
                "wait for the other Emojuke to finish or stop it, then try again",
            )
        if code == sqlite3.SQLITE_FULL:
            return self._full()
        if code == sqlite3.SQLITE_IOERR:
            return CatalogueError(
                f"the disk failed or is full while using the catalogue {self._path} ({error})", f"check the disk that holds {folder}"
            )
        if code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
            return CatalogueError(
                f"{self._path} is not a catalogue or is damaged ({error})",
                "restore a backup, or move the file away to start with an empty one",
            )
        if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH):
            return self._unwritable(error)
        return CatalogueError(f"the catalogue {self._path} refused ({error})", "try again, and report it if it happens again")

    def _of_system(self, error: OSError) -> CatalogueError:
        if error.errno in _FULL:
            return self._full()
        return self._unwritable(error)

    def _full(self) -> CatalogueError:
        return CatalogueError(
            f"the disk is full, so the catalogue {self._path} was left as it was",
            f"free some space on the disk that holds {self._path.parent}",
        )

    def _unwritable(self, error: Exception) -> CatalogueError:
        return CatalogueError(
            f"the catalogue {self._path} cannot be opened for writing ({error})",
            f"make {self._path.parent} writable or set EMOJUKE_HOME to another folder",
        )
