"""What belongs to a guild alone: which recordings it has, under which title and link, from which file, added by whom."""

from sqlite_utils import Database

from migrations.registry import schema

# Paths have no declared type: a name that is not valid UTF-8 is kept as its bytes.
# The generation rises whenever the answer to "which recordings may this guild see" or a score may have changed; caches compare it.
_STATEMENTS = (
    """
    CREATE TABLE guilds (
        id INTEGER PRIMARY KEY CHECK (id >= 0),
        settings TEXT NOT NULL DEFAULT '{}'
    )
    """,
    """
    CREATE TABLE tracks (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        guild_id INTEGER NOT NULL REFERENCES guilds (id) ON DELETE CASCADE,
        recording_id INTEGER NOT NULL REFERENCES recordings (id) ON DELETE CASCADE,
        title TEXT NOT NULL,
        artist TEXT NOT NULL,
        genre TEXT NOT NULL,
        url TEXT,
        path,
        added_by INTEGER NOT NULL,
        added_at REAL NOT NULL,
        UNIQUE (guild_id, recording_id)
    )
    """,
    "CREATE INDEX tracks_recording ON tracks (recording_id)",
    """
    CREATE TABLE files (
        guild_id INTEGER NOT NULL REFERENCES guilds (id) ON DELETE CASCADE,
        path NOT NULL,
        size INTEGER NOT NULL,
        mtime_ns INTEGER NOT NULL,
        track_id INTEGER NOT NULL REFERENCES tracks (id) ON DELETE CASCADE,
        PRIMARY KEY (guild_id, path)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX files_track ON files (track_id)",
    "INSERT INTO meta (key, value) VALUES ('generation', '0')",
    """
    CREATE TRIGGER track_added AFTER INSERT ON tracks
    BEGIN UPDATE meta SET value = CAST(value AS INTEGER) + 1 WHERE key = 'generation'; END
    """,
    """
    CREATE TRIGGER track_removed AFTER DELETE ON tracks
    BEGIN UPDATE meta SET value = CAST(value AS INTEGER) + 1 WHERE key = 'generation'; END
    """,
    """
    CREATE TRIGGER recording_rescored AFTER UPDATE ON recordings
    BEGIN UPDATE meta SET value = CAST(value AS INTEGER) + 1 WHERE key = 'generation'; END
    """,
)


@schema(name="0002_tracks")
def tracks(db: Database) -> None:
    """Guilds, their tracks, the files these came from, and the generation counter."""
    for statement in _STATEMENTS:
        db.execute(statement)
