"""`emojuke catalogue`: add, list, show, remove, errors."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.cli.output import INTERRUPTED, LARGEST_ID, Failed, guarded, printable, say, to_json, write

if TYPE_CHECKING:
    from engine.catalogue import FileError, JobItem, Track
    from engine.importing import ImportProgress

app = typer.Typer(help="Your own songs: add, list, show, remove, errors.", no_args_is_help=True)

Guild = Annotated[
    int | None,
    typer.Option(min=0, max=LARGEST_ID, help="Id of the Discord server whose catalogue it is; your own by default, 0 is the starter."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
#: Seconds between two lines of progress where there is no terminal for a bar.
_QUIET_S = 10.0
#: Sentences about single files that an import ends with; all of them are in the list of errors.
_SHOWN = 10
#: Characters of a path that are shown, and the longest path a system allows.
_PATH_LENGTH, _LONGEST_PATH = 80, 4096


@app.command()
@guarded
def add(
    paths: Annotated[list[Path], typer.Argument(help="Audio files and folders.")],
    # not 0: the starter is exchanged as a whole with every new version, and what was added to it would go
    guild: Annotated[
        int | None, typer.Option(min=1, max=LARGEST_ID, help="Id of the Discord server whose catalogue it is; your own by default.")
    ] = None,
) -> None:
    """Add files and folders. It can be stopped at any moment; the same command goes on where it was."""
    from engine.cli.app import open_assistant

    with open_assistant() as assistant:
        with _bar() as progress:
            report = assistant.submit(paths, guild_id=_own(guild), progress=progress)
        remarks = [item for item in assistant.catalogue.job_items(report.job_id) if item.reason]
        write(report.sentence())
        for sentence in report.unread:
            say(sentence)
        if not report.given and not report.unread:
            say("There is no audio file there that I know how to read.")
        _tell(remarks)
    if report.interrupted:
        raise Failed(INTERRUPTED)
    if report.unread or (report.failed and report.failed == report.given):
        raise Failed


def _tell(remarks: list[JobItem]) -> None:
    """Say why files failed, and then what is not quite right with those that were taken."""
    remarks = sorted(remarks, key=lambda item: item.state != "failed")
    for item in remarks[:_SHOWN]:
        say(item.reason or "")
    if any(item.state == "failed" for item in remarks):
        say("Files that failed are listed with their reasons by: emojuke catalogue errors")


@app.command("list")
@guarded
def list_tracks(
    text: Annotated[str | None, typer.Argument(help="Only songs whose title or artist contains this.")] = None,
    as_json: AsJson = False,
    guild: Guild = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many.")] = None,
) -> None:
    """List songs by artist and title."""
    from engine.cli.app import open_assistant

    with open_assistant() as assistant:
        tracks = assistant.catalogue.tracks([_own(guild)], text=text, limit=limit)
    if as_json:
        for track in tracks:
            write(to_json(_fields(track)))
        return
    for track in tracks:
        write(f"{track.track_id:>7}  {_name(track)}")
    if not tracks:
        say("There are no such songs." if text else "There are no songs yet; add some with: emojuke catalogue add FOLDER")


@app.command()
@guarded
def show(
    track_id: Annotated[int, typer.Argument(min=1, max=LARGEST_ID, help="The number that list shows.")],
    as_json: AsJson = False,
) -> None:
    """Show what is known of one song, as a whole and every 15 seconds."""
    from engine.answers import affect_json, clock
    from engine.cli.app import open_assistant
    from engine.cli.cards import describe_affect

    with open_assistant() as assistant:
        track = assistant.catalogue.track(track_id)
        affect = assistant.song_affect([track.recording_id])
        recording = assistant.catalogue.recording(track.recording_id)
        moments = assistant.segment_affects(track.recording_id)
    if as_json:
        segments = [{"start_s": start, "end_s": end, "affect": affect_json(part)} for start, end, part in moments]
        known = {"duration_s": recording.duration_s, "model_version": recording.model_version, "affect": affect_json(affect)}
        write(to_json({**_fields(track), **known, "segments": segments}))
        return
    write(f"{track.track_id}  {_name(track)}  {clock(recording.duration_s)}")
    for label, value in (("genre", track.genre), ("link", track.url), ("file", track.path), ("scored by", recording.model_version)):
        if value:
            write(f"  {label:<12} {printable(value)}")
    write(f"  {'song':<12} {describe_affect(affect)}")
    for start, end, part in moments:
        write(f"  {f'{clock(start)}–{clock(end)}':<12} {describe_affect(part)}")


@app.command()
@guarded
def remove(track_ids: Annotated[list[int], typer.Argument(min=1, max=LARGEST_ID, help="Numbers that list shows.")]) -> None:
    """Remove songs from your catalogue. The audio files stay where they are."""
    from engine.cli.app import open_assistant

    with open_assistant() as assistant:
        for track_id in track_ids:
            write(f"Removed {printable(assistant.remove(track_id))}.")
        assistant.library.index()
        assistant.library.save()


@app.command()
@guarded
def errors(as_json: AsJson = False, guild: Guild = None) -> None:
    """List files that could not be added, with the reason. They are tried again when they change."""
    from engine.cli.app import open_assistant

    with open_assistant() as assistant:
        failed = assistant.catalogue.errors(_own(guild))
    for error in failed:
        fields = {"path": error.path, "reason": error.reason, "tries": error.tries}
        write(to_json(fields) if as_json else _failure(error))
    if not failed and not as_json:
        say("No file failed.")


def _own(guild: int | None) -> int:
    from engine.catalogue import LOCAL_GUILD

    return LOCAL_GUILD if guild is None else guild


def _failure(error: FileError) -> str:
    path, quoted = _shortened(printable(error.path, _LONGEST_PATH)), f"“{Path(error.path).name}” "
    if error.reason.startswith(quoted):
        return f"{path} {printable(error.reason.removeprefix(quoted))}"
    return f"{path}: {printable(error.reason)}"


def _shortened(path: str) -> str:
    """A path of at most :data:`_PATH_LENGTH` characters, cut from the left: its end tells files apart."""
    return path if len(path) <= _PATH_LENGTH else "…" + path[1 - _PATH_LENGTH :]


def _fields(track: Track) -> dict[str, object]:
    names = ("track_id", "title", "artist", "genre", "url", "path")
    return {name: getattr(track, name) for name in names}


def _name(track: Track) -> str:
    title = printable(track.title, 120)
    return f"{printable(track.artist, 80)} – {title}" if track.artist else title


@contextmanager
def _bar() -> Iterator[Callable[[ImportProgress], None]]:
    """Progress on standard error: a bar on a terminal, a line now and then elsewhere."""
    if not sys.stderr.isatty():
        yield _Lines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (
        TextColumn("scoring"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TextColumn("{task.fields[left]}"),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("scoring", total=None, rate="", left="")

        def update(progress: ImportProgress) -> None:
            bar.update(task, total=progress.total, completed=progress.done, rate=_rate(progress), left=_left(progress))

        yield update


class _Lines:
    """Progress as lines, at most one every few seconds."""

    def __init__(self) -> None:
        self._next = time.monotonic() + _QUIET_S

    def __call__(self, progress: ImportProgress) -> None:
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + _QUIET_S
            say(f"{progress.done} of {progress.total} files, {_rate(progress)}, {_left(progress)}")


def _rate(progress: ImportProgress) -> str:
    return f"{progress.songs_per_s:.1f} songs/s"


def _left(progress: ImportProgress) -> str:
    if progress.left_s is None:
        return ""
    from engine.answers import clock

    return f"{clock(progress.left_s)} left"
