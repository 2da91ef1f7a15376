"""The one door: what the bot and the command line can ask of Emojuke.

Every method blocks and may be called from any thread; run them off an event loop. Guilds and members are plain integers: Discord's ids, or
LOCAL_GUILD and LOCAL_MEMBER for whoever sits at this machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from engine.answering import Answering, Say
from engine.answers import Reply
from engine.catalogue import LOCAL_GUILD, LOCAL_MEMBER, Catalogue
from engine.converse import Conversation
from engine.library import sync_starter
from engine.sessions import Session, Sessions
from engine.settings import Settings, settings

if TYPE_CHECKING:
    from engine.encoders.message import MessageAffect
    from engine.importing import ImportProgress, ImportReport
    from engine.scoring import ScoredRecording, ScoreFailure


class Assistant(Answering):
    """Songs by feeling, over one home folder.

    Args:
        chosen: the settings.
        catalogue: opened on the home folder's file.
        say: told in single lines what is worth knowing: the device, a rebuilt index.

    Example:
        >>> with Assistant.open() as assistant:  # doctest: +SKIP
        ...     for match in assistant.ask("rainy sunday, missing her 🌧️").matches:
        ...         print(match.title, match.words)
    """

    def __init__(self, chosen: Settings, catalogue: Catalogue, say: Say | None = None) -> None:
        super().__init__(chosen, catalogue, say)
        self.sessions = Sessions(chosen.session_minutes)
        self._conversation = Conversation(self)

    @classmethod
    def open(cls, chosen: Settings | None = None, say: Say | None = None) -> Self:
        """Open the catalogue in the home folder, with the starter in it; models are loaded when they are first needed.

        Raises:
            SettingsError: when the home folder cannot be written.
            CatalogueError: when the catalogue cannot be opened.
            ModelError: when the shipped starter or weights are damaged.
        """
        chosen = chosen or settings()
        chosen.prepare_home()
        is_new = not chosen.catalogue_file.exists()
        catalogue = Catalogue(chosen.catalogue_file, progress=None if is_new else _told(say))
        try:
            if chosen.starter:
                sync_starter(catalogue)
            return cls(chosen, catalogue, say)
        except BaseException:
            catalogue.close()
            raise

    def close(self) -> None:
        """Close the catalogue; the assistant cannot be used afterwards."""
        self.catalogue.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def converse(self, session: Session, message: str, top: int | None = None) -> Reply:
        """Answer a message as part of a conversation: a new mood, a refinement, a vote, a question.

        Raises:
            QueryError: when the message says nothing, or refers to an answer that is not there.
            ModelError: when the encoders cannot be loaded.
            CatalogueError: when the catalogue cannot be read or written.
        """
        return self._conversation.reply(session, message, top)

    def session(self, guild_ids: Sequence[int] = (LOCAL_GUILD,), member_id: int = LOCAL_MEMBER) -> Session:
        """A new conversation that only its holder knows; see :attr:`sessions` for those kept by name."""
        return Session(tuple(guild_ids), member_id, minutes=self.settings.session_minutes)

    def affect(self, texts: Sequence[str]) -> list[MessageAffect]:
        """What some messages feel like.

        Raises:
            QueryError: when one has no word and no emoji in it.
        """
        return [self.read(text) for text in texts]

    def score(self, paths: Iterable[Path]) -> Iterator[tuple[Path, ScoredRecording | ScoreFailure]]:
        """Raw scores of files, each as soon as it is there; nothing is stored.

        Raises:
            ToolError: when there is no ffmpeg.
            ModelError: when the encoder cannot be loaded.
        """
        return self.models.scorer().score_files(paths, self.settings.workers or None)

    def submit(
        self,
        paths: Iterable[Path],
        *,
        guild_id: int = LOCAL_GUILD,
        added_by: int = LOCAL_MEMBER,
        progress: Callable[[ImportProgress], None] | None = None,
    ) -> ImportReport:
        """Add files and folders to a guild's catalogue; killed at any moment, the next call goes on where it was.

        Raises:
            SourceError: when a path does not exist.
            ToolError: when there is no ffmpeg.
            CatalogueError: when the catalogue cannot be written.
        """
        from engine.importing import import_paths
        from engine.sources.local import audio_files

        paths = list(paths)
        next(audio_files(paths), None)  # a path that is not there is said before a model is loaded
        report = import_paths(
            self.catalogue,
            self.models.scorer(),
            paths,
            guild_id,
            added_by=added_by,
            progress=progress,
            workers=self.settings.workers or None,
        )
        if report.added:
            self.library.index()
            self.library.save()
        return report

    def remove(self, track_id: int, guild_ids: Sequence[int] = (LOCAL_GUILD,)) -> str:
        """Take a track out of a guild's catalogue and return its title.

        Raises:
            NotFoundError: when the guilds have no such track.
        """
        return self.catalogue.remove_track(track_id, guild_ids).title


def _told(say: Say | None) -> Callable[[int, int, str], None] | None:
    if say is None:
        return None

    def progress(done: int, total: int, name: str) -> None:
        if name:
            say(f"Updating the catalogue: step {done + 1} of {total} ({name}).")

    return progress
