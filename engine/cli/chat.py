"""`emojuke chat`: a conversation in the terminal, or lines from a pipe."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import suppress

from engine.assistant import Assistant
from engine.cli.cards import console, show_reply
from engine.cli.output import printable, say, write
from engine.errors import EmojukeError

PROMPT = "how do you feel? "
_LEAVE = frozenset({"quit", "exit", "bye", "/quit", "/exit", ":q"})
_HELP = frozenset({"help", "/help", "?"})
HELP = """Write how you feel, in words, in emoji or both: rainy sunday, missing her 🌧️
Then go on from the answer:
  calmer · sadder but not slow · less intense · turn up the energy
  more like 2 · not that one · something else
  why? · why 3
  👍 2 · 👎 3 · unvote 2
quit ends the conversation."""


def talk(assistant: Assistant) -> None:
    """Answer line after line until there are no more; a line that fails gets its sentence and the next one its turn.

    Raises:
        CatalogueError: when the catalogue cannot be read before the first line.
        ModelError: when the encoders cannot be loaded.
    """
    interactive = sys.stdin.isatty()
    if interactive and sys.stdout.isatty():
        with console().status("Loading…"):
            assistant.warm()
        write(HELP)
    else:
        assistant.warm()
    session = assistant.session()
    for line in _typed() if interactive else _piped():
        word = line.strip().lower()
        if word in _LEAVE:
            return
        if word in _HELP:
            write(HELP)
            continue
        if not interactive:
            write(f"> {printable(line, 200)}")
        try:
            show_reply(assistant.converse(session, line))
        except EmojukeError as error:
            _sorry(str(error), interactive=interactive)


def _sorry(sentence: str, *, interactive: bool) -> None:
    """A failed line's sentence, beside the answers, so that whoever reads the output sees which line it belongs to."""
    if interactive:
        say(sentence)
    else:
        write(printable(sentence))
        write()


def _piped() -> Iterator[str]:
    for line in sys.stdin:
        yield line.rstrip("\r\n")


def _typed() -> Iterator[str]:
    with suppress(ImportError):
        import readline  # noqa: F401 - importing it gives input() a history and editing keys
    while True:
        try:
            yield input(PROMPT)
        except EOFError:
            write()
            return
