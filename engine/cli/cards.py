"""Answers as text: plain lines for pipes and files, cards with a little picture for terminals."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.affect import Affect
from engine.answers import Answer, Match, Reply, clock
from engine.cli.output import printable, write
from engine.ranking import match_percent

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

#: Size of the picture in characters: valence to the right, arousal upwards.
WIDTH, HEIGHT = 33, 11
#: Columns a terminal needs for the picture to stand beside the songs.
_WIDE = 110


def show_reply(reply: Reply) -> None:
    """A reply of a conversation, in the style the standard output calls for."""
    if sys.stdout.isatty():
        _rich_reply(reply)
        return
    if reply.sentence:
        write(printable(reply.sentence))
    if reply.answer is not None:
        write("\n".join(plain_lines(reply, reply.answer)))
    write()


def show_answer(answer: Answer, *, reasons: bool = False) -> None:
    """An answer, in the style the standard output calls for."""
    show_reply(Reply("why" if reasons else "songs", "", answer))


def plain_lines(reply: Reply, answer: Answer) -> list[str]:
    """The answer of a reply as lines of plain text; with the reasons where it explains."""
    lines = [f"“{printable(answer.words, 200)}”: {describe_affect(answer.affect)}"]
    lines += [f"  {printable(notice)}" for notice in answer.notices]
    for place, match in reply.numbered():
        lines.append(f"{place:>3}. {name(match)}  {''.join(match.emoji)}  {facts(match)}")
        if where(match):
            lines.append(f"     {where(match)}")
        if reply.kind == "why":
            lines += [f"     - {reason}" for reason in match.reasons]
    lines.append(f"  {count(answer)} in {answer.took_ms:.0f} ms")
    return lines


def describe_affect(affect: Affect) -> str:
    """An affect on one line."""
    top = "".join(symbol for symbol, _ in affect.top_emoji(5))
    return f"valence {affect.valence:.2f}, arousal {affect.arousal:.2f}, dominance {affect.dominance:.2f}, {top}"


def name(match: Match) -> str:
    """Artist and title of a song."""
    title = printable(match.title, 80)
    return f"{printable(match.artist, 60)} – {title}" if match.artist else title


def facts(match: Match) -> str:
    """How well a song matches, and from where to listen."""
    text = f"{match.words} ({match_percent(match.match)}%)"
    return text if match.moment is None else f"{text}, from {clock(match.moment.start_s)}"


def where(match: Match) -> str:
    """Where a song can be heard; a link that only looks it up says so."""
    if match.url:
        return f"look it up: {printable(match.url)}" if match.is_lookup else printable(match.url)
    return printable(match.path or "")


def count(answer: Answer) -> str:
    """How many songs an answer has, in words."""
    return "1 song" if len(answer.matches) == 1 else f"{len(answer.matches)} songs"


def picture(query: Affect, songs: Sequence[tuple[int, Match]]) -> list[str]:
    """Valence (left to right) and arousal (bottom to top) of the query, marked ◆, and of the songs by the last digit of their number."""
    grid = [["·" if x == WIDTH // 2 or y == HEIGHT // 2 else " " for x in range(WIDTH)] for y in range(HEIGHT)]
    for place, match in reversed(songs):
        x, y = _cell(match.affect)
        grid[y][x] = str(place % 10)
    x, y = _cell(query)
    grid[y][x] = "◆"
    return ["".join(row) for row in grid]


def _cell(affect: Affect) -> tuple[int, int]:
    return round(affect.valence * (WIDTH - 1)), round((1.0 - affect.arousal) * (HEIGHT - 1))


def console() -> Console:
    """Standard output as rich sees it, with nothing in the text read as markup, emoji code or highlight."""
    from rich.console import Console

    return Console(markup=False, emoji=False, highlight=False)


def _rich_reply(reply: Reply) -> None:
    out = console()
    if reply.sentence:
        out.print(printable(reply.sentence), style="italic")
    if reply.answer is not None:
        out.print(_card(reply, reply.answer, wide=out.width >= _WIDE))


def _card(reply: Reply, answer: Answer, *, wide: bool) -> RenderableType:
    from rich.console import Group
    from rich.panel import Panel
    from rich.table import Table
    from rich.text import Text

    parts: list[RenderableType] = [Text(printable(notice), style="yellow") for notice in answer.notices]
    parts += [_song(place, match, reasons=reply.kind == "why") for place, match in reply.numbered()]
    drawn = Text("\n".join(picture(answer.affect, reply.numbered())), style="cyan")
    drawn.append(f"\n{'dark':<{WIDTH // 2}}{'bright':>{WIDTH - WIDTH // 2}}", style="dim")
    side = Panel(drawn, title=Text("calm ↓ arousal ↑ energetic"), border_style="dim", expand=False)
    body: RenderableType = Group(*parts, side)
    if wide:
        grid = Table.grid(padding=(0, 2), expand=True)
        grid.add_column(ratio=1, overflow="fold")
        grid.add_column(width=WIDTH + 4)
        grid.add_row(Group(*parts), side)
        body = grid
    foot = Text(f"{describe_affect(answer.affect)}  ·  {count(answer)} in {answer.took_ms:.0f} ms", style="dim")
    return Panel(body, title=Text(printable(answer.words, 80)), subtitle=foot, border_style="magenta")


def _song(place: int, match: Match, *, reasons: bool) -> RenderableType:
    from rich.text import Text

    line = Text()
    line.append(f"{place:>2}  ", style="bold cyan")
    line.append(name(match), style="bold")
    line.append(f"\n    {''.join(match.emoji)}  ")
    line.append(facts(match), style="green" if match.match >= 0.6 else "")
    if where(match):
        line.append(f"\n    {where(match)}", style="dim")
    if reasons:
        for reason in match.reasons:
            line.append(f"\n    • {reason}", style="italic")
    return line
