"""Makes moods.csv, our own weakly labelled lines, out of three hand-written lists. ``python -m engine.training.text.mood_lines`` writes it.

`mood_words.txt` holds feelings, `mood_music.txt` things one listens to, `mood_lines.txt` whole lines. Feelings and music are put into
carriers ("i feel …", "a bit …", "not … at all", "play some …"), a few of them for each, chosen by a seeded draw; a carrier knows what
it does to the rating. Everything was written for this project from general knowledge; no line of any data set or of data/queries was used.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.affect import AXES

Rating = tuple[float | None, float | None, float | None]

_FOLDER = Path(__file__).parent
TARGET = _FOLDER / "moods.csv"
COLUMNS = ("family", "text", *AXES, "emoji")
_SEED = 23


@dataclass(frozen=True)
class Line:
    """One row of moods.csv: ``rating`` is valence, arousal and dominance in [-1, 1], None where undefined."""

    family: str
    text: str
    rating: Rating
    emoji: str

    def cells(self) -> list[str]:
        """The row as it is written."""
        return [self.family, self.text, *("" if r is None else f"{r:g}" for r in self.rating), self.emoji]


def _same(rating: Rating) -> Rating:
    return rating


def _scaled(factor: float) -> Callable[[Rating], Rating]:
    def scale(rating: Rating) -> Rating:
        return tuple(None if r is None else round(max(-1.0, min(1.0, factor * r)), 2) for r in rating)  # type: ignore[return-value]  # three in, three out

    return scale


def _milder(rating: Rating) -> Rating:
    """A bit of a feeling: smaller, and calmer if it was a loud one."""
    v, a, d = rating
    return (_times(v, 0.65), None if a is None else round(0.6 * a - 0.15, 2), _times(d, 0.6))


def _negated(rating: Rating) -> Rating:
    """The absence of a feeling: the other side of valence, weaker; a loud feeling missing is calm, a quiet one missing is not."""
    v, a, d = rating
    return (_times(v, -0.65), _times(a, -0.5), _times(d, -0.5))


def _times(value: float | None, factor: float) -> float | None:
    return None if value is None else round(value * factor, 2)


#: Carrier, what it does to the rating, and whether the emoji of the feeling still fit.
_FEELING: tuple[tuple[str, Callable[[Rating], Rating], bool], ...] = (
    ("i feel {}", _same, True),
    ("feeling {} today", _same, True),
    ("i am so {} right now", _scaled(1.1), True),
    ("i'm {}", _same, True),
    ("we are all {}", _same, True),
    ("so {}", _scaled(1.1), True),
    ("very very {}", _scaled(1.15), True),
    ("i have never been this {}", _scaled(1.15), True),
    ("{} af", _scaled(1.1), True),
    ("{} and proud to say it", _same, True),
    ("kind of {}", _milder, True),
    ("a bit {}", _milder, True),
    ("{} music please", _same, True),
    ("something {}", _same, True),
    ("play me a {} song", _same, True),
    ("songs for when i feel {}", _same, True),
    ("music that makes me feel {}", _same, True),
    ("{} vibes", _same, True),
    ("{} night", _same, True),
    ("that made me {}", _same, True),
    ("not {}", _negated, False),
    ("not {} at all", _negated, False),
    ("i don't feel {}", _negated, False),
    ("hardly {}", _negated, False),
    ("no longer {}", _negated, False),
)

_MUSIC: tuple[tuple[str, Callable[[Rating], Rating], bool], ...] = (
    ("some {}", _same, True),
    ("play some {}", _same, True),
    ("give me {}", _same, True),
    ("i want to hear {}", _same, True),
    ("in the mood for {}", _same, True),
    ("{} please", _same, True),
    ("{} for tonight", _same, True),
    ("listening to {}", _same, True),
    ("nothing but {} today", _same, True),
    ("{} playlist", _same, True),
)


def read_list(name: str) -> Iterator[tuple[str, Rating, str]]:
    """Phrases, ratings in [-1, 1] and emoji of one of the three lists.

    Raises:
        ValueError: when a line has another form.
    """
    for number, line in enumerate((_FOLDER / name).read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        parts = line.split("|")
        if len(parts) != 3 or len(parts[1].split()) != 3:
            raise ValueError(f"{name}, line {number}: expected phrase|v a d|emoji, found {line!r}")
        v, a, d = (None if r == "." else int(r) / 10.0 for r in parts[1].split())
        yield parts[0].strip(), (v, a, d), parts[2].strip()


def make_lines() -> list[Line]:
    """All lines, in a fixed order; the same on every machine."""
    draw = random.Random(_SEED)  # noqa: S311 - a seeded draw of carriers, nothing secret
    lines = []
    for phrase, rating, emoji in read_list("mood_words.txt"):
        lines.append(Line(phrase, phrase, rating, emoji))
        said, denied = [c for c in _FEELING if c[2]], [c for c in _FEELING if not c[2]]
        for carrier, change, keeps in draw.sample(said, 6) + draw.sample(denied, 2):
            lines.append(Line(phrase, carrier.format(phrase), change(rating), emoji if keeps else ""))
    for phrase, rating, emoji in read_list("mood_music.txt"):
        lines.append(Line(phrase, phrase, rating, emoji))
        lines.extend(Line(phrase, carrier.format(phrase), change(rating), emoji) for carrier, change, _ in draw.sample(_MUSIC, 3))
    for phrase, rating, emoji in read_list("mood_lines.txt"):
        lines.append(Line(phrase, phrase, rating, emoji))
        if phrase.islower() and not phrase.endswith("!"):
            lines.append(Line(phrase, f"{phrase}!!", _scaled(1.05)(rating), emoji))
    return lines


def write(path: Path = TARGET) -> int:
    """Write moods.csv and return the number of its rows."""
    lines = make_lines()
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(line.cells() for line in lines)
    return len(lines)


if __name__ == "__main__":
    print(f"{write()} lines written to {TARGET.name}")
