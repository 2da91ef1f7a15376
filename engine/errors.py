"""One family of exceptions; every message tells the user what was wrong and what to do about it."""

from __future__ import annotations


class EmojukeError(Exception):
    """Base of every error Emojuke raises on purpose.

    Args:
        problem: one clause saying what was wrong, without a full stop.
        mend: one clause saying what the user can do, without a full stop.
    """

    exit_code = 1

    def __init__(self, problem: str, mend: str = "") -> None:
        self.problem = problem
        self.mend = mend
        super().__init__(f"{problem}; {mend}." if mend else f"{problem}.")


class SettingsError(EmojukeError):
    """A setting has a value Emojuke cannot work with, or its folder cannot be written."""


class QueryError(EmojukeError):
    """A message holds nothing that could be turned into an affect."""


class ModelError(EmojukeError):
    """Weights are missing, damaged, or of another architecture than asked for."""


class AudioError(EmojukeError):
    """A file holds no audio that can be decoded and scored."""


class ToolError(EmojukeError):
    """A program Emojuke needs (ffmpeg) is missing or failed for a reason outside the audio."""


class SourceError(EmojukeError):
    """A path or link that was handed in cannot be read."""


class CatalogueError(EmojukeError):
    """The catalogue could not be read or written: locked, disk full, damaged or too new."""


class NotFoundError(CatalogueError):
    """No such track, recording, guild or job."""


class IndexFileError(EmojukeError):
    """A saved index is missing, cut short, or of another model version."""


class DataError(EmojukeError):
    """Labelled data that a training or evaluation command needs is not there."""
