"""The commands that ask: chat, search, affect, score; and index, stats, eval, train."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.cli import catalogue, doctor
from engine.cli.output import LARGEST_ID, Failed, from_command_line, guarded, prepare_streams, say, to_json, write
from engine.errors import QueryError

if TYPE_CHECKING:
    from engine.assistant import Assistant
    from engine.encoders.message import MessageAffect

app = typer.Typer(
    name="emojuke",
    help="Finds songs by feeling: a sentence, emoji or both go in, songs whose sound carries that feeling come out.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(catalogue.app, name="catalogue")
app.command("doctor")(doctor.doctor)

MOST = 50
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


def run() -> None:
    """Run the command that the command line names."""
    prepare_streams()
    app()


def open_assistant() -> Assistant:
    """The assistant over the home folder; what it has to say goes to standard error."""
    from engine.assistant import Assistant

    return Assistant.open(say=say)


@app.command()
@guarded
def chat() -> None:
    """Talk: a mood, then "calmer", "more like 2", "something else", "why?", "👍 2". Without a terminal it reads lines."""
    from engine.cli.chat import talk

    with open_assistant() as assistant:
        talk(assistant)


@app.command()
@guarded
def search(
    query: Annotated[str, typer.Argument(help="How you feel, in words, emoji or both.")],
    as_json: AsJson = False,
    top: Annotated[int | None, typer.Option(min=1, max=MOST, help="How many songs.")] = None,
    guild: Annotated[
        int | None, typer.Option(min=0, max=LARGEST_ID, help="Search a Discord server's catalogue, by its id, instead of your own.")
    ] = None,
    why: Annotated[bool, typer.Option("--why", help="Say for every song why it was chosen.")] = False,
) -> None:
    """Find songs for one message."""
    from engine.catalogue import LOCAL_GUILD, LOCAL_MEMBER
    from engine.cli.cards import show_answer

    with open_assistant() as assistant:
        guilds = (LOCAL_GUILD if guild is None else guild,)
        answer = assistant.ask(from_command_line(query), guild_ids=guilds, member_id=LOCAL_MEMBER, top=top)
        if as_json:
            for notice in answer.notices:
                say(notice)
            write(to_json(answer.as_json()))
        else:
            show_answer(answer, reasons=why)


@app.command()
@guarded
def affect(
    text: Annotated[str | None, typer.Argument(help="A message; without it, one message a line is read from standard input.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show what the encoders make of a message: valence, arousal, dominance and emoji."""
    from engine.models import Models
    from engine.settings import settings

    models = Models(settings())
    failed = False
    for message in [from_command_line(text)] if text is not None else _lines():
        try:
            _show_affect(models.read(message), message, as_json=as_json or text is None)
        except QueryError as error:
            if text is not None:
                raise
            failed = True
            write(to_json({"query": message, "error": str(error)}))
    if failed:
        raise Failed


def _lines() -> Iterator[str]:
    if sys.stdin.isatty():
        say("Write one message a line; Ctrl-D ends it.")
    return (line.rstrip("\r\n") for line in sys.stdin)


def _show_affect(read: MessageAffect, message: str, *, as_json: bool) -> None:
    from engine.answers import affect_json
    from engine.cli.cards import describe_affect

    for notice in read.notices:
        say(notice)
    write(to_json({"query": message, "affect": affect_json(read.affect)}) if as_json else describe_affect(read.affect))


@app.command()
@guarded
def score(
    files: Annotated[list[Path], typer.Argument(help="Audio files.")],
    as_json: AsJson = False,
) -> None:
    """Show what the audio encoder hears in files, as a whole and every 15 seconds. Nothing is stored."""
    from engine.cli.scores import show_scores
    from engine.models import Models
    from engine.settings import settings

    if not show_scores(Models(settings(), say), files, as_json=as_json):
        raise Failed


@app.command()
@guarded
def index(rebuild: Annotated[bool, typer.Option("--rebuild", help="Build it anew even if it is sound.")] = False) -> None:
    """Check the search index and build it where it is missing, damaged or behind the catalogue."""
    with open_assistant() as assistant:
        built = assistant.library.rebuild() if rebuild else assistant.library.index()
        write(f"The index holds {built.n_songs:,} songs and {built.n_segments:,} segments, made by {assistant.library.version}.")


@app.command()
@guarded
def stats(as_json: AsJson = False) -> None:
    """Count what is stored: songs, votes, failed files, disk space."""
    from engine.cli.stats import show_stats

    with open_assistant() as assistant:
        show_stats(assistant, as_json=as_json)


@app.command("eval")
@guarded
def evaluate(
    rows: Annotated[list[str] | None, typer.Argument(help="Rows to measure, such as T2 or X5; all by default.")] = None,
    retrain: Annotated[
        str | None, typer.Option(metavar="ROW", help="Train this row's model anew instead of using stored predictions.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for results.md and results.json; docs of the checkout by default.")] = None,
) -> None:
    """Measure quality on the labelled data (EMOJUKE_DATA) and write the table of results."""
    from engine.cli.training import needing_train_extra

    with needing_train_extra():
        from engine.training.evaluation.run import run as measure

        measure(rows or [], retrain=retrain, folder=out, say=write)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
@guarded
def train(
    context: typer.Context,
    what: Annotated[str, typer.Argument(help="One of text, emoji, audio, calibration, starter.")],
) -> None:
    """Train one part of the models; what follows its name is handed on to it (try: emojuke train audio --help)."""
    import runpy

    from engine.cli.training import module_of, needing_train_extra

    module = module_of(what)
    sys.argv = [f"emojuke train {what}", *context.args]
    with needing_train_extra():
        runpy.run_module(module, run_name="__main__")
