"""Votes: one per member, recording and query; they can be changed and taken back, and a repeated one changes nothing."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.affect import AXES, N_EMOJI, Affect
from engine.catalogue.blobs import pack_singles, singles
from engine.catalogue.store import Store
from engine.catalogue.tracks import ensure_guild
from engine.errors import NotFoundError

_COLUMNS = "id, guild_id, member_id, recording_id, query_key, query_affect, value, rank, model_version, created_at, changed_at"


@dataclass(frozen=True, slots=True)
class Vote:
    """What a member thought of a recording as an answer to a query.

    Attributes:
        vote_id: of the vote.
        guild_id: where it was cast; the recording may come from the starter.
        member_id: who cast it.
        recording_id: what was voted on.
        query_key: tells queries apart; by default the same for the same affect.
        query: calibrated affect that was searched for. The words are not kept.
        value: 1 or -1.
        rank: place of the recording in the answer, from 1.
        model_version: of the models that answered.
        created_at: seconds since 1970, UTC.
        changed_at: the same, of the last change.
    """

    vote_id: int
    guild_id: int
    member_id: int
    recording_id: int
    query_key: str
    query: Affect
    value: int
    rank: int
    model_version: str
    created_at: float
    changed_at: float


def query_key(query: Affect) -> str:
    """16 hex digits that are the same for the same affect."""
    return hashlib.sha256(_packed(query)).hexdigest()[:16]


class Votes(Store):
    """The part of the catalogue that holds votes."""

    def put_vote(
        self, guild_id: int, member_id: int, recording_id: int, query: Affect, value: int, *, rank: int, model_version: str, key: str = ""
    ) -> int:
        """Cast a vote, or change the one this member has for the recording and query in this guild; return its id.

        When this returns, the vote is stored: it survives the process being killed.

        Args:
            guild_id: where it is cast.
            member_id: who casts it.
            recording_id: what it is about.
            query: calibrated affect that was searched for.
            value: 1 or -1.
            rank: place of the recording in the answer, from 1.
            model_version: of the models that answered.
            key: of the query; :func:`query_key` of its affect when empty.

        Raises:
            NotFoundError: when there is no such recording.
            ValueError: when the value or rank is out of range.
        """
        if value not in (-1, 1) or rank < 1:
            raise ValueError(f"a vote is 1 or -1 at a rank from 1, not {value} at {rank}")
        now = time.time()
        with self.transaction() as db:
            if not db.execute("SELECT 1 FROM recordings WHERE id = ?", [recording_id]).fetchone():
                raise NotFoundError("that song is no longer in the catalogue", "search again")
            ensure_guild(db, guild_id)
            row = db.execute(
                "INSERT INTO votes (guild_id, member_id, recording_id, query_key, query_affect, value, rank, model_version,"
                " created_at, changed_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
                " ON CONFLICT (member_id, guild_id, recording_id, query_key) DO UPDATE SET"
                " value = excluded.value, rank = excluded.rank, model_version = excluded.model_version, changed_at = excluded.changed_at"
                " RETURNING id",
                [guild_id, member_id, recording_id, key or query_key(query), _packed(query), value, rank, model_version, now, now],
            ).fetchone()
        return int(row[0])

    def retract_vote(self, guild_id: int, member_id: int, recording_id: int, key: str) -> bool:
        """Take a vote back; False when there was none."""
        with self.transaction() as db:
            cursor = db.execute(
                "DELETE FROM votes WHERE guild_id = ? AND member_id = ? AND recording_id = ? AND query_key = ?",
                [guild_id, member_id, recording_id, key],
            )
            return cursor.rowcount > 0

    def votes(self, guild_id: int, member_id: int | None = None) -> list[Vote]:
        """The votes cast in one guild, of everybody or of one member, oldest first."""
        who = "" if member_id is None else " AND member_id = ?"
        values = [guild_id] if member_id is None else [guild_id, member_id]
        with self.reading() as db:
            rows = db.execute(f"SELECT {_COLUMNS} FROM votes WHERE guild_id = ?{who} ORDER BY created_at, id", values).fetchall()  # noqa: S608 - own text
        return [_vote(row) for row in rows]


def _packed(query: Affect) -> bytes:
    return pack_singles(np.concatenate([query.vad, query.emoji])[None], len(AXES) + N_EMOJI)[0]


def _vote(row: tuple[Any, ...]) -> Vote:
    vote_id, guild_id, member_id, recording_id, key, packed, value, rank, model_version, created_at, changed_at = row
    affect = singles(packed, len(AXES) + N_EMOJI)[0]
    query = Affect(affect[: len(AXES)], affect[len(AXES) :])
    return Vote(vote_id, guild_id, member_id, recording_id, key, query, value, rank, model_version, created_at, changed_at)
