"""Votes: what a member thought of a recording as an answer to a query."""

from sqlite_utils import Database

from migrations.registry import schema

# A vote hangs on the recording, not on the track: it outlives a change of title, and a vote for a starter song is cast in another guild
# than the one that owns the track. query_key tells queries apart; the affect is what learning needs; the words are not kept.
_STATEMENTS = (
    """
    CREATE TABLE votes (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        guild_id INTEGER NOT NULL REFERENCES guilds (id) ON DELETE CASCADE,
        member_id INTEGER NOT NULL,
        recording_id INTEGER NOT NULL REFERENCES recordings (id) ON DELETE CASCADE,
        query_key TEXT NOT NULL,
        query_affect BLOB NOT NULL CHECK (length(query_affect) = 260),
        value INTEGER NOT NULL CHECK (value IN (-1, 1)),
        rank INTEGER NOT NULL CHECK (rank >= 1),
        model_version TEXT NOT NULL,
        created_at REAL NOT NULL,
        changed_at REAL NOT NULL,
        UNIQUE (member_id, guild_id, recording_id, query_key)
    )
    """,
    "CREATE INDEX votes_guild ON votes (guild_id, created_at)",
    "CREATE INDEX votes_recording ON votes (recording_id)",
)


@schema(name="0003_votes")
def votes(db: Database) -> None:
    """The votes table."""
    for statement in _STATEMENTS:
        db.execute(statement)
