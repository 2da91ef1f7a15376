"""From files and folders to tracks: every file is scored once, stored whole or not at all, and never decoded again while it is unchanged.

Counting: the files given are the audio files found under the paths, each absolute path once however often it was named. Each of them ends
as exactly one of

* added: its recording became a track of the guild in this run;
* known: the guild has the recording already, under this path or another;
* failed: it could not be used, now or in a former run since which it has not changed;

so added + known + failed (+ left, when the run was interrupted) is the number of files given.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from engine.catalogue import LOCAL_GUILD, LOCAL_MEMBER, NO_STAMP, Catalogue, FileNames, FileStamp, ItemState
from engine.errors import AudioError, EmojukeError, SourceError
from engine.scoring import ScoredRecording, ScoreFailure, Scorer
from engine.sources.local import audio_files, read_tags

#: What is wrong with the file itself and stays wrong until it changes; any other failure (no ffmpeg, disk full) stops the import.
_FAULTS_OF_THE_FILE = (AudioError, SourceError)


@dataclass(frozen=True, slots=True)
class ImportProgress:
    """How far an import got.

    Attributes:
        done: files that have an outcome.
        total: files given.
        added: of the done, how many became tracks.
        known: of the done, how many were there already.
        failed: of the done, how many could not be used.
        songs_per_s: files decoded and scored per second in this run; 0 before the first.
        left_s: seconds the rest will take at this rate; None before the first.
    """

    done: int
    total: int
    added: int
    known: int
    failed: int
    songs_per_s: float
    left_s: float | None


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of the files given; see the module's text for the words.

    Attributes:
        added: became tracks.
        known: were there already.
        failed: could not be used; the job's failed items and the error table say why.
        left: not looked at because the run was interrupted.
        job_id: the job that holds the outcome of each file.
        unread: sentences about folders that could not be read; whatever they hold is not among the files given.
    """

    added: int
    known: int
    failed: int
    left: int
    job_id: int
    unread: tuple[str, ...] = ()

    @property
    def given(self) -> int:
        """How many files were given."""
        return self.added + self.known + self.failed + self.left

    @property
    def interrupted(self) -> bool:
        """Whether the run stopped before its end."""
        return self.left > 0

    def sentence(self) -> str:
        """The report in words, and how to go on where there is something left."""
        files = "1 file" if self.given == 1 else f"{self.given} files"
        text = f"{self.added} added, {self.known} already known, {self.failed} failed, of {files}."
        if self.interrupted:
            text = f"Stopped with {self.left} of {files} left: {text} Run the same command again to go on where it was."
        return text


def import_paths(
    catalogue: Catalogue,
    scorer: Scorer,
    paths: Iterable[Path],
    guild_id: int = LOCAL_GUILD,
    *,
    added_by: int = LOCAL_MEMBER,
    progress: Callable[[ImportProgress], None] | None = None,
    workers: int | None = None,
) -> ImportReport:
    """Add files, and the audio files under folders, to a guild's catalogue.

    Killing the process at any moment leaves every file stored whole or not at all, and the next run goes on where this one was. An
    interrupt from the keyboard ends the run cleanly: the report then says how many files are left.

    Args:
        catalogue: where to store.
        scorer: decodes and scores.
        paths: files and folders.
        guild_id: whose tracks they become.
        added_by: member who adds them.
        progress: called from this thread after every file.
        workers: files decoded at the same time; None leaves the choice to the scorer.

    Raises:
        SourceError: when a path does not exist.
        ToolError: when ffmpeg is missing.
        CatalogueError: when the catalogue cannot be written.
    """
    unread: list[str] = []
    files = given_files(paths, unread)
    job_id = catalogue.start_job(guild_id, "import", files, added_by)
    run = _Run(catalogue, guild_id, added_by, files, job_id, progress, tuple(unread))
    try:
        run.score(scorer, run.sort_out(scorer.encoder.version), workers)
        catalogue.mend_paths(guild_id)  # a file that turned out broken may have a copy
    except KeyboardInterrupt:
        catalogue.end_job(run.job_id, "interrupted")
    except BaseException:
        _end_quietly(catalogue, run.job_id)
        raise
    else:
        catalogue.end_job(run.job_id)
    return run.report()


def given_files(paths: Iterable[Path], unread: list[str] | None = None) -> list[Path]:
    """The audio files under some paths, absolute, each once, in the order they were found.

    Args:
        paths: files and folders.
        unread: gets a sentence for every folder inside that cannot be read.

    Raises:
        SourceError: when a path does not exist.
    """
    notes = [] if unread is None else unread
    return list(dict.fromkeys(path.absolute() for path in audio_files(paths, on_error=lambda error: notes.append(str(error)))))


@dataclass(eq=False)
class _Run:
    """One import while it goes on."""

    catalogue: Catalogue
    guild_id: int
    added_by: int
    files: Sequence[Path]
    job_id: int
    progress: Callable[[ImportProgress], None] | None
    unread: tuple[str, ...]
    counts: dict[ItemState, int] = field(default_factory=lambda: {"pending": 0, "added": 0, "known": 0, "failed": 0})
    scored: int = 0
    to_score: int = 0
    began: float = field(default_factory=time.monotonic)
    stamps: dict[Path, FileStamp] = field(default_factory=dict)

    def sort_out(self, model_version: str) -> list[Path]:
        """Settle the files that need no decoding and return the others."""
        self.catalogue.mend_paths(self.guild_id)
        self.catalogue.forget_missing_errors(self.guild_id)
        stored = self.catalogue.stored_files(self.guild_id)
        errors = {error.path: error for error in self.catalogue.errors(self.guild_id)}
        outcomes: list[tuple[int, ItemState, str | None]] = []
        unreadable: list[tuple[Path, str]] = []
        for position, path in enumerate(self.files):
            try:
                stamp = FileStamp.of(path)
            except OSError as error:
                reason = f"{path} cannot be read ({error.strerror}); make it readable or leave it out."
                unreadable.append((path, reason))
                outcomes.append((position, "failed", reason))
                continue
            self.stamps[path] = stamp
            known, failed = stored.get(str(path)), errors.get(str(path))
            if failed is not None and failed.stamp == stamp:
                outcomes.append((position, "failed", failed.reason))
            elif known is not None and known.unchanged(stamp) and (known.model_version == model_version or not known.is_main):
                outcomes.append((position, "known", None))
        with self.catalogue.transaction():
            for path, reason in unreadable:
                self.catalogue.put_error(self.guild_id, path, NO_STAMP, reason)
            self.catalogue.finish_items(self.job_id, outcomes)
        for _, state, _ in outcomes:
            self.counts[state] += 1
        settled = {position for position, _, _ in outcomes}
        rest = [path for position, path in enumerate(self.files) if position not in settled]
        self.to_score = len(rest)
        self._tell()
        return rest

    def score(self, scorer: Scorer, paths: Sequence[Path], workers: int | None) -> None:
        """Score and store files one by one, as they come."""
        positions = {path: position for position, path in enumerate(self.files)}
        self.began = time.monotonic()
        results = scorer.score_files(paths, workers)
        try:
            for path, result in results:
                state = self._store(path, positions[path], result)
                self.counts[state] += 1
                self.scored += 1
                self._tell()
        finally:
            if isinstance(results, Generator):
                results.close()  # ends the decoders now rather than when memory is tidied

    def report(self) -> ImportReport:
        """The counts so far."""
        done = self.counts["added"] + self.counts["known"] + self.counts["failed"]
        return ImportReport(
            self.counts["added"], self.counts["known"], self.counts["failed"], len(self.files) - done, self.job_id, self.unread
        )

    def _store(self, path: Path, position: int, result: ScoredRecording | ScoreFailure) -> ItemState:
        if isinstance(result, ScoreFailure):
            if not isinstance(result.error, _FAULTS_OF_THE_FILE):
                raise result.error
            reason = str(result.error)
            with self.catalogue.transaction():
                self.catalogue.put_error(self.guild_id, path, self.stamps[path], reason)
                self.catalogue.finish_items(self.job_id, [(position, "failed", reason)])
            return "failed"
        tags = read_tags(path)
        names = FileNames(tags.title, tags.artist, tags.genre)
        with self.catalogue.transaction():
            state, _ = self.catalogue.put_file(self.guild_id, path, self.stamps[path], result, names, added_by=self.added_by)
            self.catalogue.finish_items(self.job_id, [(position, state, " ".join(result.notices) or None)])
        return state

    def _tell(self) -> None:
        if self.progress is None:
            return
        rate = self.scored / max(time.monotonic() - self.began, 1e-9) if self.scored else 0.0
        left = (self.to_score - self.scored) / rate if rate else None
        done = len(self.files) - self.report().left
        self.progress(ImportProgress(done, len(self.files), self.counts["added"], self.counts["known"], self.counts["failed"], rate, left))


def _end_quietly(catalogue: Catalogue, job_id: int) -> None:
    """Mark the job without hiding the error that is on its way; when even that fails, the next job marks it."""
    try:
        catalogue.end_job(job_id, "interrupted")
    except EmojukeError:
        return
