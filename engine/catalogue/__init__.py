"""The catalogue: recordings, segments, guilds, tracks, votes, jobs and errors in one SQLite file. The only place with SQL."""

from engine.catalogue.catalogue import Catalogue
from engine.catalogue.files import NO_STAMP, FileError, FileNames, FileStamp, StoredFile
from engine.catalogue.jobs import ItemState, Job, JobItem, JobState
from engine.catalogue.recordings import Recording, Segments, SegmentTable, SongTable
from engine.catalogue.tracks import LOCAL_GUILD, LOCAL_MEMBER, STARTER_GUILD, Track
from engine.catalogue.votes import Vote, query_key

__all__ = [
    "LOCAL_GUILD",
    "LOCAL_MEMBER",
    "NO_STAMP",
    "STARTER_GUILD",
    "Catalogue",
    "FileError",
    "FileNames",
    "FileStamp",
    "ItemState",
    "Job",
    "JobItem",
    "JobState",
    "Recording",
    "SegmentTable",
    "Segments",
    "SongTable",
    "StoredFile",
    "Track",
    "Vote",
    "query_key",
]
