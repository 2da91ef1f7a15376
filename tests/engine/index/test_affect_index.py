"""Searching: exact while little is permitted, nearly so beyond, and never anybody else's songs."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.vectors import Library, library
from engine.index import AffectIndex
from engine.index import affect_index as module
from tests.engine.index.libraries import VERSION, Songs, points, songs

seeds = st.integers(0, 2**32 - 1)


@settings(max_examples=60, deadline=None)
@given(seed=seeds, n=st.integers(0, 60), k=st.integers(0, 70), alpha=st.floats(0.0, 1.0), share=st.floats(0.0, 1.0))
def test_a_small_catalogue_is_searched_exactly(seed: int, n: int, k: int, alpha: float, share: float) -> None:
    rng = np.random.default_rng(seed)
    library, query = songs(rng, n), points(rng, 1)[0]
    permitted = rng.permutation(library.ids[rng.random(n) < share])
    found = library.index().search(query, k, permitted, alpha=alpha)
    right = sorted(library.only(permitted).distances(query, alpha).values())[:k]
    assert [hit.distance for hit in found] == pytest.approx(right, abs=1e-5)
    assert {hit.recording_id for hit in found} <= set(permitted.tolist())
    assert len({hit.recording_id for hit in found}) == len(found)


@settings(max_examples=40, deadline=None)
@given(seed=seeds, n=st.integers(1, 40))
def test_a_hit_tells_the_distances_and_the_nearest_moment(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    library, query = songs(rng, n), points(rng, 1)[0]
    for hit in library.index().search(query, n, alpha=0.3):
        own = library.only([hit.recording_id])
        far = np.square(own.segments - query).sum(axis=1)
        assert hit.n_segments == len(own.segments)
        assert hit.song_distance == pytest.approx(float(np.square(own.vectors[0] - query).sum()), abs=1e-5)
        if len(far):
            assert hit.segment_distance == pytest.approx(float(far.min()), abs=1e-5)
            assert (hit.start_s, hit.end_s) == (own.starts[far.argmin()], own.starts[far.argmin()] + 15.0)
        else:
            assert (hit.segment_distance, hit.start_s, hit.end_s) == (hit.song_distance, 0.0, 0.0)


def test_of_equal_moments_the_earliest_is_named() -> None:
    one = points(np.random.default_rng(0), 1)
    starts = np.array([30.0, 0.0, 15.0], dtype=np.float32)
    index = Songs(np.array([7]), one, np.array([7, 7, 7]), starts, np.repeat(one, 3, axis=0)).index()
    (hit,) = index.search(one[0], 5)
    assert (hit.start_s, hit.distance) == (0.0, 0.0)


def test_equally_near_songs_come_in_order_of_their_ids() -> None:
    vectors = np.repeat(points(np.random.default_rng(0), 1), 300, axis=0)
    nothing = np.empty(0, dtype=np.float32)
    ids = np.random.default_rng(1).permutation(300).astype(np.int64)
    index = Songs(ids, vectors, np.empty(0, dtype=np.int64), nothing, vectors[:0]).index()
    assert [hit.recording_id for hit in index.search(vectors[0], 12)] == list(range(12))


def test_a_long_recording_fills_one_place_only() -> None:
    rng = np.random.default_rng(3)
    library, query = songs(rng, 500), points(rng, 1)[0]
    n = 2400  # ten hours
    close = np.repeat(query[None], n, axis=0) + rng.normal(0, 0.001, (n, 65)).astype(np.float32)
    long = Songs(np.array([9999]), query[None], np.full(n, 9999), np.arange(n, dtype=np.float32), close)
    for limit in (50_000, 400):
        index = library.index(exact_limit=limit)
        index.add(*long.columns, VERSION)
        index.compact()
        found = [hit.recording_id for hit in index.search(query, 10)]
        assert found[0] == 9999
        assert len(set(found)) == 10


@pytest.fixture(scope="module")
def lifelike() -> tuple[Library, AffectIndex, AffectIndex]:
    """A library like real ones, and two indexes of it: through inverted files, and exact."""
    made = library(20_000, n_queries=60)
    columns = (np.arange(len(made.songs)), made.songs, made.owners, made.starts, made.starts + 15.0, made.segments, VERSION)
    return made, AffectIndex.build(*columns, exact_limit=500), AffectIndex.build(*columns, exact_limit=1_000_000)


@pytest.mark.parametrize("share", [1.0, 0.3, 0.1, 0.01])
def test_recall_through_inverted_files_on_vectors_like_real_ones(lifelike: tuple[Library, AffectIndex, AffectIndex], share: float) -> None:
    made, through_cells, exact = lifelike
    rng = np.random.default_rng(5)
    permitted = None if share == 1.0 else np.flatnonzero(rng.random(len(made.songs)) < share)
    whole, parts = [], []
    for query in made.queries:
        right = exact.search(query, 10, permitted)
        found = through_cells.search(query, 10, permitted)
        assert len(found) == 10
        assert permitted is None or np.isin([hit.recording_id for hit in found], permitted).all()
        whole.append(len({h.recording_id for h in right} & {h.recording_id for h in found}) / 10)
        moments = [{(h.recording_id, h.start_s) for h in i.search_segments(query, 10, permitted)} for i in (exact, through_cells)]
        parts.append(len(moments[0] & moments[1]) / 10)
    assert np.mean(whole) >= 0.98
    assert np.mean(parts) >= 0.98


@settings(max_examples=4, deadline=None)
@given(seed=seeds)
def test_nobody_sees_songs_that_are_not_theirs(seed: int) -> None:
    rng = np.random.default_rng(seed)
    library = songs(rng, 400)
    index = library.index(exact_limit=300)
    guilds = [rng.permutation(library.ids[rng.random(400) < share]) for share in (0.02, 0.2, 0.5, 0.9, 0.0)]
    # Same number, same first, middle and last as another guild: a summary of what is permitted would mix the two up.
    twin = np.sort(guilds[3])
    other = twin.copy()
    spare = np.setdiff1d(library.ids, twin)[0]
    other[1 if len(other) // 2 != 1 else 2] = spare
    for permitted in [*guilds, twin, other, *guilds]:
        for query in points(rng, 1):
            found = index.search(query, 500, permitted)
            assert sorted(hit.recording_id for hit in found) == sorted(permitted.tolist())
            moments = index.search_segments(query, 20, permitted)
            assert np.isin([hit.recording_id for hit in moments], permitted).all()


def test_a_guild_that_only_has_what_is_far_away_gets_full_answers(lifelike: tuple[Library, AffectIndex, AffectIndex]) -> None:
    """Far away all songs are about equally far, so others than the exact ten may be found, but hardly further ones."""
    rng = np.random.default_rng(6)
    made, index, exact = lifelike
    shared = []
    for query in made.queries[:20]:
        order = np.argsort(np.square(made.songs - query).sum(axis=1))
        farthest = rng.permutation(order[-400:])
        right, found = exact.search(query, 10, farthest), index.search(query, 10, farthest)
        assert len(found) == 10
        assert found[-1].distance <= 1.05 * right[-1].distance
        shared.append(len({hit.recording_id for hit in right} & {hit.recording_id for hit in found}) / 10)
    assert np.mean(shared) >= 0.8


@settings(max_examples=25, deadline=None)
@given(seed=seeds, limit=st.sampled_from([50_000, 60]), steps=st.lists(st.sampled_from(["add", "again", "remove", "compact"]), max_size=8))
def test_adding_and_removing_leaves_what_building_anew_would(seed: int, limit: int, steps: list[str]) -> None:
    rng = np.random.default_rng(seed)
    present = songs(rng, 40)
    index = present.index(exact_limit=limit)
    query = points(rng, 1)[0]
    for step in steps:
        if step == "add":
            more = songs(rng, int(rng.integers(1, 12)), first_id=int(present.ids.max(initial=0)) + 1)
            index.add(*more.columns, VERSION)
            present = _together(present, more)
        elif step == "again" and len(present.ids):
            chosen = present.only(rng.choice(present.ids, min(5, len(present.ids)), replace=False))
            changed = replace(chosen, vectors=points(rng, len(chosen.ids)))
            index.add(*changed.columns, VERSION)
            present = _together(present.only(np.setdiff1d(present.ids, chosen.ids)), changed)
        elif step == "remove":
            gone = rng.choice(present.ids, min(7, len(present.ids)), replace=False)
            assert index.remove([*gone.tolist(), 10**9]) == len(gone)
            present = present.only(np.setdiff1d(present.ids, gone))
        else:
            index.compact()
        right = sorted(present.distances(query, 0.5).values())
        assert [hit.distance for hit in index.search(query, 1000)] == pytest.approx(right, abs=2e-5)
        assert (index.n_songs, index.n_segments) == (len(present.ids), len(present.owners))


def _together(one: Songs, other: Songs) -> Songs:
    fields = ("ids", "vectors", "owners", "starts", "segments")
    return Songs(*(np.concatenate([getattr(one, name), getattr(other, name)]) for name in fields))


def test_much_that_is_new_is_built_into_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FRESH_LIMIT", 200)
    rng = np.random.default_rng(8)
    index = AffectIndex(VERSION, exact_limit=300)
    everything = songs(rng, 300)
    for ids in np.array_split(everything.ids, 30):
        index.add(*everything.only(ids).columns, VERSION)
        assert index._state.fresh.block.n_vectors <= 200
    assert index.n_songs == 300
    assert index._state.built.levels is not None
    query = points(rng, 1)[0]
    right = sorted(everything.distances(query, 0.5).values())[:5]
    assert [hit.distance for hit in index.search(query, 5)] == pytest.approx(right, abs=1e-3)


def test_the_memory_of_removed_songs_is_given_back() -> None:
    rng = np.random.default_rng(9)
    library = songs(rng, 200)
    index = library.index()
    index.remove(library.ids[:30].tolist())
    assert index._state.built.block.n_songs == 200
    index.remove(library.ids[30:60].tolist())
    assert index._state.built.block.n_songs == index.n_songs == 140


def test_readers_never_meet_half_a_change() -> None:
    rng = np.random.default_rng(10)
    query = points(rng, 1)[0]
    pair = songs(rng, 2, most_segments=3)
    others = songs(rng, 300, first_id=1000)
    others.vectors += np.float32(1.0)
    others.segments += np.float32(1.0)
    index = others.index()
    index.add(*pair.columns, VERSION)
    both, wrong, stop = sorted(pair.ids.tolist()), [], threading.Event()

    def read() -> None:
        while not stop.is_set():
            seen = sorted(hit.recording_id for hit in index.search(query, 2))
            if seen != both and any(i in both for i in seen):
                wrong.append(seen)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for _ in range(60):
        index.remove(both)
        index.add(*pair.columns, VERSION)
        index.add(*replace(pair, vectors=pair.vectors.copy()).columns, VERSION)
        index.compact()
    stop.set()
    for reader in readers:
        reader.join()
    assert not wrong


def test_a_rebuilt_index_takes_the_place_of_the_old_one_in_one_step() -> None:
    rng = np.random.default_rng(11)
    old, new = songs(rng, 20), songs(rng, 30, first_id=500)
    index = old.index()
    index.replace(AffectIndex.build(*new.columns, "audio-next", source="generation 2"))
    assert (index.model_version, index.source) == ("audio-next", "generation 2")
    assert {hit.recording_id for hit in index.search(points(rng, 1)[0], 100)} == set(new.ids.tolist())
    with pytest.raises(ValueError, match="audio-next"):
        index.add(*old.columns, VERSION)


def test_vectors_of_known_songs_are_handed_out() -> None:
    rng = np.random.default_rng(12)
    built, added = songs(rng, 10), songs(rng, 3, first_id=100)
    index = built.index()
    index.add(*added.columns, VERSION)
    index.remove([int(built.ids[0])])
    known = index.vectors([*built.ids.tolist(), *added.ids.tolist(), 12345])
    assert set(known) == {*built.ids[1:].tolist(), *added.ids.tolist()}
    assert np.allclose(known[int(added.ids[1])], added.vectors[1])


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("vectors", np.zeros((3, 64), dtype=np.float32), "shape"),
        ("vectors", np.full((3, 65), np.nan, dtype=np.float32), "finite"),
        ("ids", np.array([1, 1, 2]), "twice"),
        ("owners", np.array([1, 99]), "not there"),
        ("starts", np.zeros(5, dtype=np.float32), "start and an end"),
    ],
)
def test_what_does_not_fit_together_is_refused(field: str, value: np.ndarray, words: str) -> None:
    two = np.zeros((2, 65), dtype=np.float32)
    sound = Songs(np.array([1, 2, 3]), np.zeros((3, 65), dtype=np.float32), np.array([1, 2]), np.zeros(2, dtype=np.float32), two)
    assert sound.index().n_segments == 2
    with pytest.raises(ValueError, match=words):
        replace(sound, **{field: value}).index()


def test_a_query_must_be_a_point() -> None:
    index = AffectIndex(VERSION)
    assert index.search(np.zeros(65, dtype=np.float32), 10) == []
    for wrong in (np.zeros(64, dtype=np.float32), np.full(65, np.inf, dtype=np.float32)):
        with pytest.raises(ValueError, match="finite vector"):
            index.search(wrong, 10)
