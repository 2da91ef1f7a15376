"""From hits to a page: two songs of one artist at most, no recording twice, full while there are songs; and how well each matches."""

from __future__ import annotations

import json
import math
import re
import unicodedata
import zlib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.affect import DIM, VAD_WEIGHT, FloatArray
from engine.errors import ModelError
from engine.index import ALPHA, Hit
from engine.index.block import Block
from engine.index.exact import ranking_distances

PAGE = 10
PER_ARTIST = 2
#: Fitted by training, with the weights it belongs to.
MATCH_FILE = Path(__file__).resolve().parent / "encoders" / "weights" / "match.json"

#: What stands in tags where nobody knows the artist; never one artist.
_UNKNOWN = frozenset({
    "unknown", "unknown artist", "unbekannt", "unbekannter interpret", "various", "various artists", "va", "v a", "none", "n a", "na",
    "artist", "anonymous", "diverse", "diverse interpreten", "no artist", "untitled", "track artist", "inconnu", "artiste inconnu",
    "desconocido", "artista desconocido", "sconosciuto",
})  # fmt: skip
#: Guests do not make another artist of somebody.
_GUESTS = re.compile(r"[\s(\[]+(?:feat|ft|featuring)\b.*$", re.IGNORECASE)
#: How much further a song may be than another and still be taken for as near: half the squared error that the out-of-fold scores of a song
#: make on the common scale (0.08). Chosen for X5 on development comments; docs/decisions.md has the measurement.
TURNS = 0.05
#: Least probability and its words, best first.
_WORDS = ((0.8, "a very close match"), (0.65, "a close match"), (0.5, "a good match"), (0.35, "a fair match"), (0.2, "a loose match"))
_FAINT = "a distant match"
_QUERIES_AT_ONCE = 256


def artist_key(name: str) -> str:
    """What two spellings of one artist have in common; empty where the artist is unknown.

    Case, accents, punctuation, a leading or trailing "the" and guests ("feat. …") make no difference.
    """
    plain = unicodedata.normalize("NFKD", _GUESTS.sub("", name)).casefold().replace("&", " and ")
    letters = "".join(c if c.isalnum() else " " for c in plain if not unicodedata.combining(c))
    words = letters.split()
    if not words:  # a name of signs alone, "!!!" or "†††", is a name all the same, unless it is what stands for none
        return name.strip().casefold() if name.strip("-–—?_.,:;<>()[]/* \t") else ""
    if " ".join(words) in _UNKNOWN:
        return ""
    if len(words) > 1 and words[0] == "the":
        words = words[1:]
    elif len(words) > 1 and words[-1] == "the":
        words = words[:-1]
    return " ".join(words)


@dataclass(frozen=True, slots=True)
class MatchScale:
    """How ranking distance turns into the probability that a listener would put song and query in the same quadrant.

    Attributes:
        slope: of the logistic curve, per unit of distance; positive.
        intercept: its value at distance 0.
        alpha: weight of the song as a whole in the distance it was fitted for, in [0, 1].
        w: weight of VAD in that distance.
    """

    slope: float = 6.0
    intercept: float = 1.5
    alpha: float = ALPHA
    w: float = VAD_WEIGHT

    @classmethod
    def load(cls, path: Path = MATCH_FILE) -> Self:
        """The fitted scale, or a plain guess where training has not written one.

        Args:
            path: the shipped file, and any other beside a manifest of weights, must have the hash recorded there.

        Raises:
            ModelError: when the file is damaged or holds numbers that make no scale.
        """
        from engine.encoders import weights_io  # torch, which it needs, takes a second to import

        if not path.exists():
            return cls()
        if path == MATCH_FILE or (path.parent / weights_io.MANIFEST).exists():
            weights_io.verified(path.name, path.parent)
        mend = "reinstall Emojuke or restore the file"
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
            scale = cls(*(float(document[name]) for name in ("slope", "intercept", "alpha", "w")))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelError(f"the match scale {path.name} cannot be read ({error})", mend) from error
        sound = scale.slope > 0 and 0 <= scale.alpha <= 1 and 0 <= scale.w <= 1 and math.isfinite(scale.intercept + scale.slope)
        if not sound:
            raise ModelError(f"the match scale {path.name} holds numbers that make no scale", mend)
        return scale

    def probability(self, distance: float) -> float:
        """The match, in (0, 1), of a ranking distance."""
        x = self.intercept - self.slope * distance
        return 1.0 / (1.0 + math.exp(-x)) if x >= 0 else math.exp(x) / (1.0 + math.exp(x))


def match_words(probability: float) -> str:
    """A match in words, such as "a close match"."""
    return next((words for least, words in _WORDS if probability >= least), _FAINT)


def match_percent(probability: float) -> int:
    """A match in per cent, 1 to 99: nothing is impossible and nothing certain."""
    return min(max(round(100 * probability), 1), 99)


@dataclass(frozen=True, slots=True)
class Turns:
    """Lets songs that fit a query equally well, as far as scores can tell, take turns from query to query.

    Messages crowd in a few places of the affect space (a third of all chat is plainly neutral), and strict distance would hand the same
    ten songs to all of them. Each song is put back by up to ``width``, differently for every query but always alike for the same one.

    Attributes:
        seed: made of the query.
        width: of the turns, in units of distance; 0 for strict order.
    """

    seed: int
    width: float = TURNS

    @classmethod
    def of(cls, vector: FloatArray, width: float = TURNS) -> Self:
        """The turns of a (65,) query vector; vectors equal to three decimals take the same."""
        return cls(zlib.crc32(np.round(np.asarray(vector, dtype=np.float64) * 1000).astype(np.int32).tobytes()), width)

    def delays(self, recording_ids: ArrayLike) -> FloatArray:
        """(n,) float32 in [0, width): what to add to the distances of songs. SplitMix64 (Steele et al., 2014) of seed and id."""
        start = np.uint64(self.seed * 0x9E3779B97F4A7C15 % 2**64)
        x = np.asarray(recording_ids, dtype=np.int64).astype(np.uint64) + start
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        x ^= x >> np.uint64(31)
        return np.asarray(self.width * (x >> np.uint64(40)).astype(np.float64) / 2.0**24, dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Ranked:
    """A song's place on a page.

    Attributes:
        hit: what the index found.
        distance: the hit's distance after feedback; the order on the page follows it.
        probability: the match, of the hit's own distance: votes change what is shown, not how like the query it is.
    """

    hit: Hit
    distance: float
    probability: float

    @property
    def words(self) -> str:
        """The match in words."""
        return match_words(self.probability)

    @property
    def percent(self) -> int:
        """The match in per cent, 1 to 99."""
        return match_percent(self.probability)

    @property
    def best_segment(self) -> tuple[float, float] | None:
        """From where to where in seconds the best moment goes; None unless more than one is known."""
        return (self.hit.start_s, self.hit.end_s) if self.hit.n_segments > 1 else None


class Feedback(Protocol):
    """What votes change about the distances of a query.

    Attributes:
        nearest: how much nearer, in units of distance, a vote can bring a song at most; 0 or more. So much further down the page looks.
    """

    nearest: float

    def adjust(self, hits: Sequence[Hit]) -> Sequence[float] | FloatArray:
        """What to add to the distance of each hit, not below ``-nearest``; an infinite amount takes the song away."""
        ...


#: k → the k nearest songs or all there are, nearest first.
Search = Callable[[int], Sequence[Hit]]
#: recording ids → artists of those that have one.
Artists = Callable[[Sequence[int]], Mapping[int, str]]


def page(
    search: Search,
    artists: Artists,
    scale: MatchScale,
    *,
    size: int = PAGE,
    excluded: Collection[int] = (),
    blocked_artists: Iterable[str] = (),
    feedback: Feedback | None = None,
    turns: Turns | None = None,
) -> list[Ranked]:
    """The next page: the nearest songs not shown yet, two of one artist at most; full unless songs run out.

    Args:
        search: the index, bound to a query and to what may be found.
        artists: the catalogue's names of artists.
        scale: turns distances into matches.
        size: songs a page.
        excluded: recordings not to show, such as those on earlier pages.
        blocked_artists: names of artists not to show.
        feedback: what votes change; None for nothing.
        turns: which of the songs that fit equally well are on the page; None for strict distance.
    """
    unwanted, blocked = frozenset(excluded), frozenset(map(artist_key, blocked_artists)) - {""}
    ask = max(4 * size, size + len(unwanted) + 16)
    while True:
        hits = search(ask)
        chosen, last = _fill(hits, artists, scale, size, unwanted, blocked, feedback, turns)
        if len(hits) < ask:
            return chosen
        # Votes and turns move songs, so full is not enough: whatever lies further down must be further away still.
        reach = hits[-1].distance - (feedback.nearest if feedback else 0.0)
        if len(chosen) == size and last <= reach:
            return chosen
        ask *= 4


def _fill(
    hits: Sequence[Hit],
    artists: Artists,
    scale: MatchScale,
    size: int,
    unwanted: frozenset[int],
    blocked: frozenset[str],
    feedback: Feedback | None,
    turns: Turns | None,
) -> tuple[list[Ranked], float]:
    """The page of some hits, nearest first, and the place in the order of turns that its last song had."""
    once: dict[int, Hit] = {}
    for hit in hits:
        if hit.recording_id not in unwanted:
            once.setdefault(hit.recording_id, hit)
    wanted = list(once.values())
    changes = [float(change) for change in feedback.adjust(wanted)] if feedback and wanted else [0.0] * len(wanted)
    delays = turns.delays([hit.recording_id for hit in wanted]).tolist() if turns else [0.0] * len(wanted)
    placed = sorted(zip(wanted, changes, delays, strict=True), key=lambda entry: entry[0].distance + entry[1] + entry[2])
    names = artists([hit.recording_id for hit in wanted])
    counts: Counter[str] = Counter()
    chosen: list[Ranked] = []
    last = math.inf
    for hit, change, delay in placed:
        artist = artist_key(names.get(hit.recording_id, ""))
        if not math.isfinite(change) or artist in blocked or counts[artist] >= PER_ARTIST:
            continue
        if artist:
            counts[artist] += 1
        chosen.append(Ranked(hit, hit.distance + change, scale.probability(hit.distance)))
        if len(chosen) == size:
            last = hit.distance + change + delay
            break
    return sorted(chosen, key=lambda ranked: ranked.distance), last


def paged(order: NDArray[np.int64], artists: Sequence[str], *, size: int = PAGE, depth: int | None = None) -> NDArray[np.int64]:
    """Songs in the order in which turning page after page shows them.

    A song whose artist is on a page twice already waits for the next; what :func:`page` does one page at a time.

    Args:
        order: (n,) positions of songs, nearest first.
        artists: artist of each position, as :func:`artist_key` gives it.
        size: songs a page.
        depth: how many places to work out; the rest follow by distance. None for all.
    """
    limit = len(order) if depth is None else min(depth, len(order))
    pages: list[list[int]] = [[]]
    first, taken = 0, 0  # the first page that is not full; how many songs have a place
    latest: dict[str, tuple[int, int]] = {}  # artist → last page it is on, and how often there
    for position in order.tolist():
        if first * size >= limit:
            break
        taken += 1
        number, artist = first, artists[position]
        if artist:
            last, times = latest.get(artist, (-1, 0))
            number = max(first, last if times < PER_ARTIST else last + 1)
            latest[artist] = (number, times + 1 if number == last else 1)
        if number == len(pages):
            pages.append([])
        pages[number].append(position)
        while len(pages[first]) == size:
            first += 1
            if first == len(pages):
                pages.append([])
    return np.asarray([*(position for one in pages for position in one), *order[taken:].tolist()], dtype=np.int64)


def rank(
    query_vectors: FloatArray,
    song_vectors: FloatArray,
    segment_vectors: FloatArray,
    segment_song: NDArray[np.int64],
    alpha: float,
    artists: Sequence[str] | None = None,
    *,
    depth: int | None = None,
    turns: float = 0.0,
) -> NDArray[np.int64]:
    """Rank songs on plain arrays just as a search ranks them, page after page; for evaluation.

    Args:
        query_vectors: (q, 65).
        song_vectors: (n, 65).
        segment_vectors: (m, 65).
        segment_song: (m,) position of the song each segment belongs to. A song may have none.
        alpha: weight of the song as a whole.
        artists: n names of artists, empty where unknown; None puts no limit on an artist.
        depth: places for which pages are worked out; the rest follow by distance. None for all.
        turns: width of the turns, with positions for recording ids; the product's is :data:`TURNS`.

    Returns:
        (q, n) int64 positions of songs, best first.
    """
    n, m = len(song_vectors), len(segment_vectors)
    times = np.arange(m, dtype=np.float32)
    block = Block.of(np.arange(n), song_vectors, segment_song, times, times, segment_vectors.reshape(m, DIM))
    keys = None if artists is None else [artist_key(name) for name in artists]
    orders = np.empty((len(query_vectors), n), dtype=np.int64)
    for start in range(0, len(query_vectors), _QUERIES_AT_ONCE):
        queries = np.asarray(query_vectors[start : start + _QUERIES_AT_ONCE], dtype=np.float32)
        distances = ranking_distances(queries, block, alpha)
        for place, (query, row) in enumerate(zip(queries, distances, strict=True), start):
            order = np.argsort(row + Turns.of(query, turns).delays(np.arange(n)) if turns else row, kind="stable")
            if keys is not None:
                order = paged(order, keys, depth=depth)
            orders[place] = _pages_by_distance(order, row, depth) if turns else order
    return orders


def _pages_by_distance(order: NDArray[np.int64], distances: FloatArray, depth: int | None) -> NDArray[np.int64]:
    """The same songs on the same pages, each page nearest first."""
    sorted_order = order.copy()
    for first in range(0, len(order) if depth is None else min(depth, len(order)), PAGE):
        shown = order[first : first + PAGE]
        sorted_order[first : first + PAGE] = shown[np.argsort(distances[shown], kind="stable")]
    return sorted_order
