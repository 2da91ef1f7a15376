"""Pages: full, fair and without repeats; and what a match is called."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import ModelError
from engine.index import AffectIndex, Hit
from engine.ranking import PER_ARTIST, MatchScale, Ranked, Turns, artist_key, match_percent, match_words, page, paged, rank
from tests.engine.index.libraries import points, songs

SCALE = MatchScale()
NAMES = ("Nina Simone", "NINA SIMONE", "The Beatles", "Beatles", "Björk", "Bjork", "", "Unknown Artist", "<unknown>", "solo 1", "solo 2")


def _hits(distances: Sequence[float]) -> list[Hit]:
    return [Hit(i, d, d, d, 15.0, 30.0, 2) for i, d in sorted(enumerate(distances), key=lambda pair: (pair[1], pair[0]))]


class Shelf:
    """Hits in a list, and a note of how many were asked for."""

    def __init__(self, hits: list[Hit], artists: Sequence[str]) -> None:
        self.hits = hits
        self.artists = artists
        self.asked: list[int] = []

    def search(self, k: int) -> list[Hit]:
        self.asked.append(k)
        return self.hits[:k]

    def names(self, recordings: Sequence[int]) -> dict[int, str]:
        return {i: self.artists[i] for i in recordings if self.artists[i]}


libraries = st.lists(st.tuples(st.floats(0.0, 1.0), st.sampled_from(NAMES)), max_size=120).map(
    lambda rows: Shelf(_hits([d for d, _ in rows]), [a for _, a in rows])
)


def _most(artists: Sequence[str]) -> int:
    """Songs a page could hold at most: two of each known artist, all of unknown ones."""
    counts = Counter(artist_key(name) for name in artists)
    return sum(n if not artist else min(n, PER_ARTIST) for artist, n in counts.items())


@given(shelf=libraries, size=st.integers(1, 15), data=st.data())
def test_a_page_is_full_fair_and_without_repeats(shelf: Shelf, size: int, data: st.DataObject) -> None:
    excluded = data.draw(st.sets(st.integers(0, max(len(shelf.hits) - 1, 0))))
    shown = page(shelf.search, shelf.names, SCALE, size=size, excluded=excluded)
    ids = [ranked.hit.recording_id for ranked in shown]
    left = [shelf.artists[hit.recording_id] for hit in shelf.hits if hit.recording_id not in excluded]
    assert len(ids) == len(set(ids)) == min(size, _most(left))
    assert not set(ids) & excluded
    counts = Counter(artist_key(shelf.artists[i]) for i in ids)
    assert all(n <= PER_ARTIST for artist, n in counts.items() if artist)
    distances = [ranked.distance for ranked in shown]
    assert distances == sorted(distances)


@given(shelf=libraries)
def test_turning_pages_shows_every_song_once_in_the_order_of_rank(shelf: Shelf) -> None:
    seen: list[int] = []
    while shown := page(shelf.search, shelf.names, SCALE, excluded=seen):
        seen += [ranked.hit.recording_id for ranked in shown]
    order = np.array([hit.recording_id for hit in shelf.hits], dtype=np.int64)
    keys = [artist_key(name) for name in shelf.artists]
    assert seen == paged(order, keys).tolist()
    assert sorted(seen) == sorted(order.tolist())


@given(shelf=libraries, depth=st.integers(0, 60))
def test_working_out_fewer_places_leaves_those_alike(shelf: Shelf, depth: int) -> None:
    order = np.array([hit.recording_id for hit in shelf.hits], dtype=np.int64)
    keys = [artist_key(name) for name in shelf.artists]
    some = paged(order, keys, depth=depth)
    assert some[:depth].tolist() == paged(order, keys)[:depth].tolist()
    assert sorted(some.tolist()) == sorted(order.tolist())


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), alpha=st.sampled_from([0.0, 0.4, 1.0]))
def test_ranking_plain_arrays_is_what_the_product_does(seed: int, alpha: float) -> None:
    rng = np.random.default_rng(seed)
    library, query = songs(rng, 60), points(rng, 1)
    names = [str(name) for name in rng.choice(NAMES, 60)]
    position = {int(i): at for at, i in enumerate(library.ids)}
    owners = np.array([position[int(i)] for i in library.owners], dtype=np.int64)
    order = rank(query, library.vectors, library.segments, owners, alpha, names)
    index = library.index(alpha=alpha)
    artists = dict(zip(library.ids.tolist(), names, strict=True))
    seen: list[int] = []
    while shown := page(lambda k: index.search(query[0], k), lambda ids: {i: artists[i] for i in ids}, SCALE, excluded=seen):
        seen += [ranked.hit.recording_id for ranked in shown]
    assert order.shape == (1, 60)
    assert [position[i] for i in seen] == order[0].tolist()


def test_without_artists_the_order_is_that_of_distance() -> None:
    rng = np.random.default_rng(1)
    library, queries = songs(rng, 30, most_segments=0), points(rng, 300)
    none = np.empty(0, dtype=np.int64)
    order = rank(queries, library.vectors, library.segments, none, 0.5)
    far = np.square(queries[:, None] - library.vectors[None]).sum(axis=2)
    assert np.allclose(np.take_along_axis(far, order, axis=1), np.sort(far, axis=1), atol=1e-5)


def test_more_is_fetched_while_one_artist_is_in_the_way() -> None:
    shelf = Shelf(_hits(np.linspace(0, 1, 3000).tolist()), ["Prolific"] * 2900 + [f"a{i}" for i in range(100)])
    shown = page(shelf.search, shelf.names, SCALE)
    assert [ranked.hit.recording_id for ranked in shown] == [0, 1, *range(2900, 2908)]
    assert shelf.asked == [40, 160, 640, 2560, 10240]


def test_a_usual_page_needs_one_search() -> None:
    shelf = Shelf(_hits(np.linspace(0, 1, 3000).tolist()), [f"a{i}" for i in range(3000)])
    page(shelf.search, shelf.names, SCALE)
    assert len(shelf.asked) == 1


def test_blocked_artists_are_left_out_by_any_spelling() -> None:
    shelf = Shelf(_hits([0.1, 0.2, 0.3]), ["Björk feat. Somebody", "Nina Simone", ""])
    shown = page(shelf.search, shelf.names, SCALE, blocked_artists=["BJORK", "", "unknown artist"])
    assert [ranked.hit.recording_id for ranked in shown] == [1, 2]


def test_a_recording_the_search_names_twice_is_listed_once() -> None:
    twice = [Hit(1, 0.1, 0.1, 0.1, 0.0, 15.0, 1), Hit(1, 0.2, 0.2, 0.2, 0.0, 15.0, 1), Hit(2, 0.3, 0.3, 0.3, 0.0, 15.0, 1)]
    shown = page(lambda k: twice[:k], lambda ids: {}, SCALE)
    assert [(ranked.hit.recording_id, ranked.distance) for ranked in shown] == [(1, 0.1), (2, 0.3)]


class _Votes:
    """Brings one recording nearer, takes another away."""

    nearest = 0.5

    def adjust(self, hits: Sequence[Hit]) -> list[float]:
        return [{900: -0.5, 3: float("inf")}.get(hit.recording_id, 0.0) for hit in hits]


def test_votes_reach_songs_far_down_and_take_others_away() -> None:
    shelf = Shelf(_hits(np.linspace(0, 0.6, 1000).tolist()), [""] * 1000)
    shown = page(shelf.search, shelf.names, SCALE, feedback=_Votes())
    at = np.linspace(0, 0.6, 1000)[900] - 0.5
    assert [ranked.hit.recording_id for ranked in shown] == [0, 1, 2, *range(4, 11)]
    assert 900 in [ranked.hit.recording_id for ranked in page(shelf.search, shelf.names, SCALE, size=100, feedback=_Votes())]
    moved = page(shelf.search, shelf.names, SCALE, size=1, feedback=_Votes(), excluded=range(900))
    assert (moved[0].hit.recording_id, moved[0].distance) == (900, pytest.approx(at))
    assert moved[0].probability == SCALE.probability(moved[0].hit.distance)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The Beatles", "beatles"),
        ("Beatles, The", "The  Beatles"),
        ("Björk", "BJO\u0308RK"),
        ("Simon & Garfunkel", "Simon and Garfunkel"),
        ("AC/DC", "ac dc"),
        ("Eminem feat. Dido", "Eminem"),
        ("Eminem (ft. Rihanna)", "EMINEM"),
        ("宇多田ヒカル", " 宇多田ヒカル "),
    ],
)
def test_spellings_of_one_artist(one: str, other: str) -> None:
    assert artist_key(one) == artist_key(other) != ""


@pytest.mark.parametrize(
    "name", ["", "  ", "Unknown", "unknown artist", "<Unknown>", "[unknown]", "Various Artists", "V.A.", "N/A", "---", "?"]
)
def test_nobody_is_not_an_artist(name: str) -> None:
    assert artist_key(name) == ""


@pytest.mark.parametrize(("one", "other"), [("!!!", "†††"), ("The The", "The Beatles"), ("Prince", "Princess"), ("Feature", "")])
def test_different_artists_stay_different(one: str, other: str) -> None:
    assert artist_key(one) != artist_key(other)


@given(name=st.text(max_size=60))
def test_a_key_is_its_own_key(name: str) -> None:
    assert isinstance(artist_key(name), str)
    assert artist_key(artist_key(name)) in (artist_key(name), "") or artist_key(name).startswith(artist_key(artist_key(name)))


@given(near=st.floats(0.0, 3.0), further=st.floats(0.0, 3.0))
def test_the_match_falls_with_distance(near: float, further: float) -> None:
    nearer, farther = sorted((near, further))
    assert 0.0 < SCALE.probability(farther) <= SCALE.probability(nearer) < 1.0
    assert 1 <= match_percent(SCALE.probability(farther)) <= 99


def test_the_match_is_the_logistic_curve() -> None:
    scale = MatchScale(slope=4.0, intercept=1.0)
    assert scale.probability(0.25) == 0.5
    assert scale.probability(0.0) == pytest.approx(1 / (1 + np.exp(-1)))
    assert scale.probability(1e6) == 0.0


def test_words_for_a_match() -> None:
    words = [match_words(p) for p in (0.99, 0.7, 0.5, 0.4, 0.25, 0.01)]
    assert words[1] == "a close match"
    assert len(set(words)) == 6


def test_a_best_moment_is_named_only_where_more_than_one_is_known() -> None:
    several, single = Hit(1, 0.1, 0.1, 0.1, 75.0, 90.0, 8), Hit(2, 0.1, 0.1, 0.1, 0.0, 15.0, 1)
    assert Ranked(several, 0.1, 0.6).best_segment == (75.0, 90.0)
    assert Ranked(single, 0.1, 0.6).best_segment is None
    assert (Ranked(single, 0.1, 0.66).words, Ranked(single, 0.1, 0.66).percent) == ("a close match", 66)


def test_the_fitted_scale_is_read(tmp_path: Path) -> None:
    path = tmp_path / "match.json"
    assert MatchScale.load(path) == MatchScale()
    path.write_text(json.dumps({"alpha": 0.3, "w": 0.6, "slope": 9.0, "intercept": 0.4, "ece": 0.02}), encoding="utf-8")
    assert MatchScale.load(path) == MatchScale(slope=9.0, intercept=0.4, alpha=0.3, w=0.6)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        '{"alpha": 0.3}',
        '{"alpha": 0.3, "w": 0.5, "slope": -1, "intercept": 0}',
        '{"alpha": 3, "w": 0.5, "slope": 1, "intercept": 0}',
        '{"alpha": 0.3, "w": 0.5, "slope": NaN, "intercept": 0}',
        '{"alpha": 0.3, "w": 0.5, "slope": "x", "intercept": 0}',
    ],
)
def test_a_damaged_scale_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "match.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ModelError, match=r"match\.json"):
        MatchScale.load(path)


def test_an_empty_catalogue_has_an_empty_page() -> None:
    index = AffectIndex("v")
    assert page(lambda k: index.search(np.zeros(65, dtype=np.float32), k), lambda ids: {}, SCALE) == []


def test_turns_are_alike_for_one_query_and_differ_between_queries() -> None:
    rng = np.random.default_rng(6)
    first, second = rng.random((2, 65), dtype=np.float32)
    ids = np.arange(5000)
    delays = Turns.of(first, 0.05).delays(ids)
    np.testing.assert_array_equal(delays, Turns.of(first + 1e-6, 0.05).delays(ids))
    assert delays.min() >= 0.0
    assert delays.max() < 0.05
    assert abs(float(delays.mean()) - 0.025) < 0.001
    assert abs(float(np.corrcoef(delays, Turns.of(second, 0.05).delays(ids))[0, 1])) < 0.05


@given(st.integers(0, 2**32 - 1), st.floats(0.0, 0.1))
@settings(max_examples=30, deadline=None)
def test_a_page_with_turns_holds_only_songs_that_fit_nearly_as_well_nearest_first(seed: int, width: float) -> None:
    distances = np.sort(np.random.default_rng(7).random(300))
    hits = [Hit(i, float(d), float(d), float(d), 0.0, 15.0, 1) for i, d in enumerate(distances)]
    shown = page(lambda k: hits[:k], lambda ids: {}, SCALE, turns=Turns(seed, width))
    assert len(shown) == 10
    assert max(ranked.hit.distance for ranked in shown) <= distances[9] + width
    assert [r.distance for r in shown] == sorted(r.distance for r in shown)


def test_turns_use_more_of_a_catalogue_when_many_ask_nearly_the_same() -> None:
    rng = np.random.default_rng(8)
    songs = rng.random((400, 65), dtype=np.float32) * 0.2
    queries = np.full((200, 65), 0.1, dtype=np.float32) + rng.normal(0, 0.002, (200, 65)).astype(np.float32)
    none = np.empty((0, 65), dtype=np.float32)
    strict = rank(queries, songs, none, np.empty(0, dtype=np.int64), 0.5)[:, :10]
    turning = rank(queries, songs, none, np.empty(0, dtype=np.int64), 0.5, turns=0.05)[:, :10]
    assert len(np.unique(turning)) > 3 * len(np.unique(strict))
