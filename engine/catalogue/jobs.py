"""Jobs: work that takes a while, with one item per source, so that anybody can see how far it got and what became of each."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import psutil
from sqlite_utils import Database

from engine.catalogue.store import Store
from engine.catalogue.tracks import LOCAL_MEMBER, ensure_guild, path_key, path_name
from engine.errors import NotFoundError

ItemState = Literal["pending", "added", "known", "failed"]
JobState = Literal["running", "done", "interrupted"]

#: Ended jobs kept per guild; older ones go when a new one starts.
KEPT_JOBS = 20


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of long work.

    Attributes:
        job_id: never reused.
        guild_id: whose catalogue it works on.
        kind: what it does, such as ``import``.
        state: running, done, or interrupted (stopped, or its process died).
        added_by: the member who asked for it.
        started_at: seconds since 1970, UTC.
        ended_at: the same, or None while it runs.
        counts: how many items are in each state.
    """

    job_id: int
    guild_id: int
    kind: str
    state: JobState
    added_by: int
    started_at: float
    ended_at: float | None
    counts: dict[ItemState, int]


@dataclass(frozen=True, slots=True)
class JobItem:
    """One source of a job: where it comes from, what became of it, and why it failed or what is not quite right with it."""

    position: int
    source: str
    state: ItemState
    reason: str | None


class Jobs(Store):
    """The part of the catalogue that holds jobs."""

    def start_job(self, guild_id: int, kind: str, sources: Sequence[Path | str], added_by: int = LOCAL_MEMBER) -> int:
        """Write a job of this process with one pending item per source, and return its id. Jobs whose process died become interrupted."""
        with self.transaction() as db:
            ensure_guild(db, guild_id)
            _end_dead_jobs(db)
            db.execute(
                "DELETE FROM jobs WHERE guild_id = ? AND state != 'running' AND id NOT IN"
                " (SELECT id FROM jobs WHERE guild_id = ? AND state != 'running' ORDER BY id DESC LIMIT ?)",
                [guild_id, guild_id, KEPT_JOBS - 1],
            )
            cursor = db.execute(
                "INSERT INTO jobs (guild_id, kind, state, process, added_by, started_at) VALUES (?, ?, 'running', ?, ?, ?)",
                [guild_id, kind, os.getpid(), added_by, time.time()],
            )
            job_id = int(cursor.lastrowid or 0)
            db.conn.executemany(
                "INSERT INTO job_items (job_id, position, source, state) VALUES (?, ?, ?, 'pending')",
                [(job_id, position, path_key(source)) for position, source in enumerate(sources)],
            )
        return job_id

    def finish_items(self, job_id: int, outcomes: Iterable[tuple[int, ItemState, str | None]]) -> None:
        """Write what became of items: position, state, and why it failed or what is not quite right with it."""
        with self.transaction() as db:
            db.conn.executemany(
                "UPDATE job_items SET state = ?, reason = ? WHERE job_id = ? AND position = ?",
                [(state, reason, job_id, position) for position, state, reason in outcomes],
            )

    def end_job(self, job_id: int, state: JobState = "done") -> None:
        """Say that a job came to its end, or was interrupted."""
        with self.transaction() as db:
            db.execute("UPDATE jobs SET state = ?, ended_at = ? WHERE id = ?", [state, time.time(), job_id])

    def job(self, job_id: int) -> Job:
        """One job.

        Raises:
            NotFoundError: when there is none.
        """
        found = self._jobs("id = ?", [job_id])
        if not found:
            raise NotFoundError(f"there is no job {job_id}", "list the jobs to see what is there")
        return found[0]

    def jobs(self, guild_id: int) -> list[Job]:
        """The jobs of a guild, newest first."""
        return self._jobs("guild_id = ?", [guild_id])

    def job_items(self, job_id: int, state: ItemState | None = None) -> list[JobItem]:
        """The items of a job in order, all or those in one state."""
        with self.reading() as db:
            rows = db.execute(
                "SELECT position, source, state, reason FROM job_items WHERE job_id = ? AND (? IS NULL OR state = ?) ORDER BY position",
                [job_id, state, state],
            ).fetchall()
        return [JobItem(position, path_name(source), item_state, reason) for position, source, item_state, reason in rows]

    def _jobs(self, where: str, values: list[Any]) -> list[Job]:
        with self.reading() as db:
            rows = db.execute(
                f"SELECT id, guild_id, kind, state, added_by, started_at, ended_at FROM jobs WHERE {where} ORDER BY id DESC",  # noqa: S608 - own text
                values,
            ).fetchall()
            counts = [_counts(db, row[0]) for row in rows]
        return [
            Job(job_id, guild_id, kind, state, added_by, started_at, ended_at, count)
            for (job_id, guild_id, kind, state, added_by, started_at, ended_at), count in zip(rows, counts, strict=True)
        ]


def _counts(db: Database, job_id: int) -> dict[ItemState, int]:
    rows = db.execute("SELECT state, count(*) FROM job_items WHERE job_id = ? GROUP BY state", [job_id])
    counts: dict[ItemState, int] = {"pending": 0, "added": 0, "known": 0, "failed": 0}
    counts.update({state: int(count) for state, count in rows})
    return counts


def _end_dead_jobs(db: Database) -> None:
    running = db.execute("SELECT id, process, started_at FROM jobs WHERE state = 'running'").fetchall()
    dead = [(time.time(), job_id) for job_id, process, started_at in running if not _alive(process, started_at)]
    db.conn.executemany("UPDATE jobs SET state = 'interrupted', ended_at = ? WHERE id = ?", dead)


def _alive(process: int, started_at: float) -> bool:
    """Whether that process still runs; one that began after the job did only inherited its number."""
    try:
        return bool(psutil.Process(process).create_time() <= started_at)
    except psutil.NoSuchProcess:
        return False
    except psutil.Error:  # it is there, but not ours to look at
        return True
