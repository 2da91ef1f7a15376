"""The SQLite file under the catalogue: opening, schema steps, transactions, backups. Nothing here knows what a table means."""

from __future__ import annotations

import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlite_utils import Database

from engine.catalogue.failures import FailureSentences
from engine.errors import CatalogueError
from migrations import schema

#: Called with steps done, steps in all, and the name of the step that starts now (empty when all are done).
MigrationProgress = Callable[[int, int, str], None]

BUSY_TIMEOUT_S = 30.0
KEPT_BACKUPS = 3


class Store:
    """One SQLite file in WAL mode: any number of reading connections, one that writes.

    Every method of this class and of what builds on it may be called from any thread. Writers in this process queue on a lock, writers of
    other processes on SQLite's own, for at most ``busy_timeout_s``.

    Args:
        path: the database file; created, with its folder, when it is not there.
        busy_timeout_s: how long to wait for another process that holds the file.
        progress: told about schema steps while an older file is brought up to date.

    Raises:
        CatalogueError: when the file cannot be opened, is no catalogue, or was written by a newer Emojuke.
    """

    def __init__(self, path: Path | str, *, busy_timeout_s: float = BUSY_TIMEOUT_S, progress: MigrationProgress | None = None) -> None:
        self.path = Path(path).absolute()
        self._busy_timeout_s = busy_timeout_s
        self._failures = FailureSentences(self.path, busy_timeout_s)
        self._write_lock = threading.RLock()
        self._readers: queue.LifoQueue[Database] = queue.LifoQueue()
        self._open: set[sqlite3.Connection] = set()
        self._open_lock = threading.Lock()
        self._closed = False
        self._writing_thread: int | None = None
        with self._failures.of_files():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._update_schema(progress)
            self._writer = self._connect()

    def close(self) -> None:
        """Close every connection. Using the catalogue afterwards raises CatalogueError."""
        with self._write_lock, self._open_lock:
            self._closed = True
            for connection in self._open:
                connection.close()
            self._open.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    @property
    def in_transaction(self) -> bool:
        """Whether this thread is inside a :meth:`transaction`."""
        return self._writing_thread == threading.get_ident()

    @contextmanager
    def transaction(self) -> Iterator[Database]:
        """All that is written inside is kept, or nothing of it is. Inside another transaction of this thread it becomes part of that one.

        Raises:
            CatalogueError: when the file is locked for too long, the disk is full, or the file is damaged.
        """
        with self._failures.of_sql(), self._write_lock:
            self._check_open()
            if self._writing_thread is not None:
                with self._writer.atomic():
                    yield self._writer
                return
            connection = self._writer.conn
            connection.execute("BEGIN IMMEDIATE")  # a read that turned into a write would fail at once instead of waiting
            self._writing_thread = threading.get_ident()
            try:
                yield self._writer
                connection.execute("COMMIT")
            except BaseException:
                connection.rollback()
                raise
            finally:
                self._writing_thread = None

    @contextmanager
    def reading(self) -> Iterator[Database]:
        """One unchanging view of the file; inside a transaction of this thread, that transaction's own view."""
        with self._failures.of_sql():
            if self.in_transaction:
                yield self._writer
                return
            self._check_open()
            try:
                db = self._readers.get_nowait()
            except queue.Empty:
                db = self._connect()
                db.execute("PRAGMA query_only = ON")
            try:
                db.conn.execute("BEGIN")
                yield db
            finally:
                if not self._closed:
                    db.conn.rollback()
                    self._readers.put(db)

    def backup(self, target: Path | str) -> Path:
        """Copy the whole database, as it is at this moment, to ``target``, and return it; what lies there is replaced only by a whole copy.

        Raises:
            CatalogueError: when it cannot be read or the target cannot be written.
        """
        target = Path(target).absolute()
        with self._failures.of_files():
            part = target.with_name(target.name + ".part")
            with closing(self._raw()) as source:
                _copy(source, part)
            part.replace(target)
        return target

    def backups(self) -> list[Path]:
        """The copies made before schema changes, newest first."""
        return sorted(self.path.parent.glob(f"{_literal(self.path.name)}.*.backup"), reverse=True)

    def _update_schema(self, progress: MigrationProgress | None) -> None:
        with closing(self._raw()) as connection:
            db = Database(connection)
            self._refuse_foreign(db)
            self._enter_wal(db)
            if not schema.pending(db):
                return
            connection.execute("BEGIN IMMEDIATE")
            try:
                self._apply_pending(db, progress)
                connection.execute("COMMIT")
            except BaseException:
                connection.rollback()
                raise

    def _apply_pending(self, db: Database, progress: MigrationProgress | None) -> None:
        pending = [step.name for step in schema.pending(db)]  # asked again: another process may have been first
        if not pending:
            return
        if schema.applied(db):
            self._back_up_before(pending[0])
        for done, name in enumerate(pending):
            if progress:
                progress(done, len(pending), name)
            schema.apply(db, stop_before=pending[done + 1 :])
        dangling = db.execute("PRAGMA foreign_key_check").fetchall()
        if dangling:
            raise CatalogueError(
                f"the catalogue {self.path} was left as it was, because {len(dangling)} rows would point at nothing in this version",
                "keep using the former version of Emojuke and report this",
            )
        if progress:
            progress(len(pending), len(pending), "")

    def _back_up_before(self, step: str) -> None:
        """Called while this process holds the write lock; other connections can read, so the copy is exactly what the step will change."""
        stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime()) + f"{time.time_ns() % 10**9:09d}"
        self.backup(self.path.with_name(f"{self.path.name}.{stamp}.before-{step}.backup"))
        for old in self.backups()[KEPT_BACKUPS:]:
            old.unlink(missing_ok=True)

    def _refuse_foreign(self, db: Database) -> None:
        applied = {step.name for step in schema.applied(db)}
        known = {step.name for step in schema.pending(Database(memory=True))}
        newer = sorted(applied - known)
        if newer:
            raise CatalogueError(
                f"the catalogue {self.path} was written by a newer Emojuke (schema {newer[-1]}, this one knows up to {max(known)})",
                "update Emojuke, or restore a backup made by this version",
            )
        if db.table_names() and not applied:
            raise CatalogueError(f"{self.path} is the database of another program", "set EMOJUKE_HOME to another folder")

    def _enter_wal(self, db: Database) -> None:
        # Changing the journal mode needs the file for itself and does not wait for the busy timeout, so the waiting is done here.
        until = time.monotonic() + self._busy_timeout_s
        while True:
            try:
                db.enable_wal()
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                    raise
                time.sleep(0.02)
            else:
                return

    def _raw(self) -> sqlite3.Connection:
        # check_same_thread is off because connections are handed from thread to thread, never used by two at once.
        return sqlite3.connect(self.path, timeout=self._busy_timeout_s, check_same_thread=False)

    def _connect(self) -> Database:
        connection = self._raw()
        with self._open_lock:
            self._open.add(connection)
        connection.execute("PRAGMA foreign_keys = ON")
        # With WAL a killed process loses nothing it committed; NORMAL risks only the last commits at a power cut, never the file.
        connection.execute("PRAGMA synchronous = NORMAL")
        return Database(connection)

    def _check_open(self) -> None:
        if self._closed:
            raise CatalogueError(f"the catalogue {self.path} was closed", "open it again")


def _copy(source: sqlite3.Connection, part: Path) -> None:
    part.unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(part)) as copy:
            source.backup(copy)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _literal(name: str) -> str:
    """``name`` with the signs that mean something in a glob taken literally."""
    return "".join(f"[{sign}]" if sign in "*?[" else sign for sign in name)
