"""What every command shares: harmless text on any terminal, JSON, and failures as one sentence."""

from __future__ import annotations

import functools
import json
import os
import re
import sys
import time
import traceback
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, ParamSpec, TypeVar

from engine.errors import EmojukeError

P = ParamSpec("P")
R = TypeVar("R")

INTERRUPTED = 130
#: Of a guild or a track: what SQLite holds. Discord's ids are smaller.
LARGEST_ID = 2**63 - 1
#: Marks that turn the direction of writing or hide text: harmless in data, not on a terminal.
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]")
_IN_JSON = re.compile("[\x7f-\x9f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
#: Marks stacked on one letter beyond this are left out.
_STACKED = 3


def prepare_streams() -> None:
    """Make standard input and output survive any text: what a terminal cannot show is replaced, never an exception."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is None:
            continue
        if stream is sys.stdin and _plain(stream.encoding):
            reconfigure(encoding="utf-8")  # ASCII would turn every emoji into nothing, and UTF-8 reads ASCII as well
        reconfigure(errors="replace" if stream is not sys.stderr else "backslashreplace")


def _plain(encoding: str | None) -> bool:
    return (encoding or "ascii").lower().replace("-", "") in ("ascii", "ansi_x3.41968", "usascii", "646")


def from_command_line(text: str) -> str:
    """An argument as it was typed: where the locale knows no emoji, Python hands their bytes on undecoded."""
    if not any("\udc80" <= character <= "\udcff" for character in text):
        return text
    return os.fsencode(text).decode("utf-8", "replace")


def printable(text: str, limit: int = 1000) -> str:
    """``text`` on one line without anything a terminal would obey: no control characters, no escapes, no turned direction.

    Args:
        text: from anywhere.
        limit: characters kept.
    """
    kept: list[str] = []
    stacked = 0
    for character in _UNSEEN.sub(" ", text[: 4 * limit]):
        mark = unicodedata.category(character) in ("Mn", "Me") and character != "\ufe0f"
        stacked = stacked + 1 if mark else 0
        if stacked <= _STACKED and not "\ud800" <= character <= "\udfff":
            kept.append(character)
    line = " ".join("".join(kept).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def to_json(value: Any) -> str:
    """One line of JSON, safe to show on a terminal and to write to any encoding."""
    unicode = (getattr(sys.stdout, "encoding", None) or "ascii").lower().replace("-", "") in ("utf8", "utf16", "utf32")
    text = json.dumps(value, ensure_ascii=not unicode, allow_nan=False)
    return _IN_JSON.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


def say(sentence: str) -> None:
    """One line on standard error."""
    print(printable(sentence), file=sys.stderr, flush=True)


def write(line: str = "", stream: IO[str] | None = None) -> None:
    """One line on standard output, as it is: callers pass what went through :func:`printable` or :func:`to_json`."""
    print(line, file=stream or sys.stdout, flush=True)


class Failed(Exception):  # noqa: N818 - not an error of its own: the sentence was already printed
    """Ends a command with an exit code after everything was said."""

    def __init__(self, code: int = 1) -> None:
        self.code = code
        super().__init__(code)


def guarded(command: Callable[P, R]) -> Callable[P, R]:
    """A command whose every failure is one sentence on standard error and a non-zero exit code, never a stack trace."""

    @functools.wraps(command)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        import typer

        try:
            return command(*args, **kwargs)
        except (typer.Exit, typer.Abort, BrokenPipeError):
            raise
        except Failed as failed:
            raise typer.Exit(failed.code) from failed
        except EmojukeError as error:
            say(str(error))
            raise typer.Exit(error.exit_code) from error
        except KeyboardInterrupt as error:
            say("Stopped.")
            raise typer.Exit(INTERRUPTED) from error
        except MemoryError as error:
            say("There is not enough memory for this; close other programs and try again.")
            raise typer.Exit(1) from error
        except Exception as error:
            if type(error).__module__.startswith("typer"):
                raise  # a mistake in how the command was called, which typer explains itself
            say(_unexpected(error))
            raise typer.Exit(1) from error

    return wrapper


def _unexpected(error: BaseException) -> str:
    kind = type(error).__name__
    where = log(error)
    if where is None:
        return f"Something went wrong that should not have ({kind}); please report it."
    return f"Something went wrong that should not have ({kind}); please report it with the log in {where}."


def log(error: BaseException) -> Path | None:
    """Append where an error came from to the log file; the words of its message stay out, since they may be a member's.

    Returns:
        The file, or None where it cannot be written.
    """
    from engine.settings import settings

    try:
        file = settings().log_file
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a", encoding="utf-8") as stream:
            stream.write(time.strftime("%Y-%m-%dT%H:%M:%S%z ") + type(error).__name__ + "\n")
            stream.writelines(traceback.format_tb(error.__traceback__))
    except (OSError, EmojukeError):
        return None
    return file
