"""Work that takes a while, how far it got, and the files that could not be used."""

from sqlite_utils import Database

from migrations.registry import schema

_STATEMENTS = (
    """
    CREATE TABLE jobs (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        guild_id INTEGER NOT NULL REFERENCES guilds (id) ON DELETE CASCADE,
        kind TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('running', 'done', 'interrupted')),
        process INTEGER NOT NULL,
        added_by INTEGER NOT NULL,
        started_at REAL NOT NULL,
        ended_at REAL
    )
    """,
    "CREATE INDEX jobs_guild ON jobs (guild_id, id)",
    """
    CREATE TABLE job_items (
        job_id INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
        position INTEGER NOT NULL,
        source NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('pending', 'added', 'known', 'failed')),
        reason TEXT,
        PRIMARY KEY (job_id, position)
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE errors (
        guild_id INTEGER NOT NULL REFERENCES guilds (id) ON DELETE CASCADE,
        path NOT NULL,
        size INTEGER NOT NULL,
        mtime_ns INTEGER NOT NULL,
        ctime_ns INTEGER NOT NULL,
        reason TEXT NOT NULL,
        tries INTEGER NOT NULL,
        first_at REAL NOT NULL,
        last_at REAL NOT NULL,
        PRIMARY KEY (guild_id, path)
    ) WITHOUT ROWID
    """,
)


@schema(name="0004_jobs")
def jobs(db: Database) -> None:
    """Jobs, their items, and the error table."""
    for statement in _STATEMENTS:
        db.execute(statement)
