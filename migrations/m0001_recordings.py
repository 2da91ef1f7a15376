"""What is shared by all guilds: recordings, their raw scores and their fingerprints. No title, link, path or member is in here."""

from sqlite_utils import Database

from migrations.registry import schema

# The ids are AUTOINCREMENT because saved indexes hold them: an id that was freed must never come to mean another recording.
# Big blobs sit in tables of their own, so that reading all scores for an index does not read them too.
_TABLES = (
    """
    CREATE TABLE meta (
        key TEXT PRIMARY KEY,
        value TEXT NOT NULL
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE models (
        id INTEGER PRIMARY KEY,
        version TEXT NOT NULL UNIQUE
    )
    """,
    """
    CREATE TABLE recordings (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        uid TEXT UNIQUE,
        duration_s REAL NOT NULL CHECK (duration_s >= 0),
        model_id INTEGER NOT NULL REFERENCES models (id),
        vad BLOB NOT NULL CHECK (length(vad) = 12),
        emoji BLOB NOT NULL CHECK (length(emoji) = 124),
        created_at REAL NOT NULL
    )
    """,
    """
    CREATE TABLE fingerprints (
        recording_id INTEGER PRIMARY KEY REFERENCES recordings (id) ON DELETE CASCADE,
        words BLOB NOT NULL
    )
    """,
    """
    CREATE TABLE fingerprint_keys (
        key INTEGER NOT NULL,
        recording_id INTEGER NOT NULL REFERENCES recordings (id) ON DELETE CASCADE,
        PRIMARY KEY (key, recording_id)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX fingerprint_keys_recording ON fingerprint_keys (recording_id)",
    """
    CREATE TABLE segments (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        recording_id INTEGER NOT NULL REFERENCES recordings (id) ON DELETE CASCADE,
        start_s REAL NOT NULL CHECK (start_s >= 0),
        end_s REAL NOT NULL CHECK (end_s >= start_s),
        model_id INTEGER NOT NULL REFERENCES models (id),
        vad BLOB NOT NULL CHECK (length(vad) = 12),
        uncertainty BLOB NOT NULL CHECK (length(uncertainty) = 8),
        emoji BLOB NOT NULL CHECK (length(emoji) = 124)
    )
    """,
    "CREATE INDEX segments_recording ON segments (recording_id, start_s)",
    """
    CREATE TABLE embeddings (
        segment_id INTEGER PRIMARY KEY REFERENCES segments (id) ON DELETE CASCADE,
        model_id INTEGER NOT NULL REFERENCES models (id),
        embedding BLOB NOT NULL
    )
    """,
)


@schema(name="0001_recordings")
def recordings(db: Database) -> None:
    """Recordings, segments, embeddings, fingerprints and their keys, model versions, meta."""
    for table in _TABLES:
        db.execute(table)
