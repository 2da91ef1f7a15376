"""Recordings: what goes in comes out, the tables an index needs, and finding the same recording without looking at all of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import ArrayLike

from engine.affect import Affect, normalised
from engine.catalogue import LOCAL_GUILD, Catalogue
from engine.catalogue.blobs import halves, pack_halves, pack_singles, pack_words, singles, words
from engine.catalogue.recordings import CANDIDATES, POSTINGS_PER_KEY
from engine.errors import CatalogueError, NotFoundError
from tests.engine.catalogue.making import VERSION, fingerprint, scored


def test_what_goes_in_comes_out(catalogue: Catalogue) -> None:
    given_ = scored(3, segments=4)
    recording_id = catalogue.add_recording(given_, uid="deam:3")
    recording = catalogue.recording(recording_id)
    assert (recording.uid, recording.duration_s, recording.model_version) == ("deam:3", 60.0, VERSION)
    np.testing.assert_array_equal(recording.vad, given_.song_vad)
    np.testing.assert_allclose(recording.emoji, given_.song_emoji, rtol=1e-3, atol=1e-7)
    Affect(recording.vad, recording.emoji)  # fp16 keeps it on the simplex
    segments = catalogue.segments(recording_id)
    np.testing.assert_array_equal(segments.starts, given_.starts)
    np.testing.assert_array_equal(segments.ends, given_.ends)
    np.testing.assert_array_equal(segments.scores.vad, given_.segments.vad)
    np.testing.assert_array_equal(segments.scores.uncertainty, given_.segments.uncertainty)
    np.testing.assert_array_equal(segments.scores.embedding, given_.segments.embedding)
    np.testing.assert_allclose(segments.scores.emoji, given_.segments.emoji, rtol=1e-3, atol=1e-7)
    assert segments.model_version == VERSION
    assert segments.scores.embedding.dtype == np.float16


def test_a_uid_is_taken_once(catalogue: Catalogue) -> None:
    catalogue.add_recording(scored(1), uid="deam:1")
    with pytest.raises(CatalogueError, match="deam:1 is stored already"):
        catalogue.add_recording(scored(2), uid="deam:1")
    assert len(catalogue.song_table().recording_ids) == 1


def test_a_broken_score_stores_nothing(catalogue: Catalogue) -> None:
    broken = scored(1)
    broken.segments.vad[1, 0] = np.nan
    with pytest.raises(ValueError, match="finite"):
        catalogue.add_recording(broken)
    assert len(catalogue.song_table().recording_ids) == 0
    assert catalogue.find_same(broken.fingerprint, 30.0) is None


def test_new_scores_replace_old_ones(catalogue: Catalogue) -> None:
    recording_id = catalogue.add_recording(scored(1))
    catalogue.add_track(LOCAL_GUILD, recording_id, "a song")
    before = catalogue.generation()
    catalogue.update_scores(recording_id, scored(2, segments=3, version="audio-test-2"))
    assert catalogue.recording(recording_id).model_version == "audio-test-2"
    assert len(catalogue.segment_table().segment_ids) == 3
    assert set(catalogue.segment_table().model_versions) == {"audio-test-2"}
    assert catalogue.find_same(fingerprint(1), 30.0) == recording_id, "the sound is the same, so the fingerprint stays"
    assert catalogue.generation() > before
    with pytest.raises(NotFoundError):
        catalogue.update_scores(999, scored(1))


def test_nothing_there(catalogue: Catalogue) -> None:
    with pytest.raises(NotFoundError, match="no recording 5"):
        catalogue.recording(5)
    with pytest.raises(NotFoundError, match="no recording 5"):
        catalogue.segments(5)
    songs, segments = catalogue.song_table(), catalogue.segment_table()
    assert songs.vad.shape == (0, 3)
    assert songs.emoji.shape == segments.emoji.shape == (0, 62)
    assert songs.model_versions.shape == segments.starts.shape == (0,)


def test_tables_line_up(catalogue: Catalogue) -> None:
    items = [scored(seed, segments=1 + seed % 3, version=f"v{seed % 2}") for seed in range(12)]
    ids = [catalogue.add_recording(item) for item in items]
    catalogue.update_scores(ids[2], items[2])  # its segments now have the highest ids
    for guild, recording_id in zip([10, 20, 10], ids, strict=False):
        catalogue.add_track(guild, recording_id, "a song")
    songs, segments = catalogue.song_table(), catalogue.segment_table()
    assert songs.recording_ids.tolist() == ids
    assert songs.model_versions.tolist() == [item.model_version for item in items]
    np.testing.assert_array_equal(songs.vad, [item.song_vad for item in items])
    np.testing.assert_array_equal(segments.vad, np.concatenate([item.segments.vad for item in items]))
    np.testing.assert_array_equal(segments.starts, np.concatenate([item.starts for item in items]))
    assert segments.recording_ids.tolist() == [i for i, item in zip(ids, items, strict=True) for _ in item.starts]
    assert songs.recording_ids.dtype == segments.recording_ids.dtype == np.int64
    assert catalogue.song_table(guilds=[10]).recording_ids.tolist() == [ids[0], ids[2]]
    assert set(catalogue.segment_table(guilds=[20]).recording_ids) == {ids[1]}
    assert catalogue.song_table(recordings=[ids[5], ids[4], 999]).recording_ids.tolist() == [ids[4], ids[5]]
    assert catalogue.song_table(guilds=[10], recordings=[ids[1], ids[2]]).recording_ids.tolist() == [ids[2]]
    assert len(catalogue.segment_table(guilds=[]).segment_ids) == 0


def test_the_same_recording_is_found(catalogue: Catalogue) -> None:
    ids = [catalogue.add_recording(scored(seed)) for seed in range(20)]
    for seed, recording_id in enumerate(ids):
        words_ = fingerprint(seed)
        assert catalogue.find_same(words_, 30.0) == recording_id
        assert catalogue.find_same(words_[40:], 25.0) == recording_id, "a cut at the start shifts every word"
    assert catalogue.find_same(fingerprint(99), 30.0) is None
    assert catalogue.find_same(np.empty(0, dtype=np.uint32), 30.0) is None


def test_a_recording_without_fingerprint_is_like_nothing(catalogue: Catalogue) -> None:
    empty = np.empty(0, dtype=np.uint32)
    catalogue.add_recording(scored(1, words=empty), uid="deam:1")
    assert catalogue.find_same(empty, 30.0) is None


def test_the_nearest_in_length_wins(catalogue: Catalogue) -> None:
    long = fingerprint(1, 480)
    whole = catalogue.add_recording(scored(1, segments=4, words=long))
    part = catalogue.add_recording(scored(2, segments=2, words=long[:240]))
    assert catalogue.find_same(long, 60.0) == whole
    assert catalogue.find_same(long[:240], 30.0) == part


def test_the_work_of_finding_does_not_grow_with_the_library(catalogue: Catalogue) -> None:
    """Every recording here holds the same opening, so each shares keys with all others: the worst case for an inverted index."""
    opening = fingerprint(1000, 120)

    def fill(seeds: range) -> None:
        with catalogue.transaction():
            for seed in seeds:
                catalogue.add_recording(scored(seed, segments=1, words=np.concatenate([opening, fingerprint(seed, 400)])))

    def work() -> int:
        """Steps of SQLite's virtual machine, in hundreds, that one look-up takes."""
        steps = 0

        def count() -> int:
            nonlocal steps
            steps += 1
            return 0

        with catalogue.transaction() as db:  # find_same reads through the same connection in here
            db.conn.set_progress_handler(count, 100)
            try:
                assert catalogue.find_same(np.concatenate([opening, fingerprint(7, 400)]), 15.0) is not None
            finally:
                db.conn.set_progress_handler(None, 0)
        return steps

    fill(range(2 * POSTINGS_PER_KEY))
    small = work()
    fill(range(2 * POSTINGS_PER_KEY, 10 * POSTINGS_PER_KEY))
    assert small > 0
    assert work() <= 1.1 * small + 1


def test_finding_uses_the_key(catalogue: Catalogue) -> None:
    with catalogue.reading() as db:
        plan = db.execute("EXPLAIN QUERY PLAN SELECT recording_id FROM fingerprint_keys WHERE key = ? LIMIT ?", [1, 1]).fetchall()
    assert [row[3] for row in plan] == ["SEARCH fingerprint_keys USING PRIMARY KEY (key=?)"]


def test_the_true_match_is_among_the_candidates_however_many_share_a_little(catalogue: Catalogue) -> None:
    opening = fingerprint(1000, 60)
    decoys = range(4 * CANDIDATES)
    for seed in decoys:
        catalogue.add_recording(scored(seed, words=np.concatenate([opening, fingerprint(seed, 240)])))
    wanted = np.concatenate([opening, fingerprint(500, 240)])
    true = catalogue.add_recording(scored(500, words=wanted))
    assert catalogue.find_same(wanted, 30.0) == true


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 5))
def test_blobs_round_trip(seed: int, rows: int) -> None:
    generator = np.random.default_rng(seed)
    values = generator.random((rows, 3)).astype(np.float32)
    np.testing.assert_array_equal(singles(b"".join(pack_singles(values, 3)), 3), values)
    np.testing.assert_allclose(halves(b"".join(pack_halves(values)), 3), values, rtol=1e-3)
    fingerprint_ = generator.integers(0, 2**32, size=rows, dtype=np.uint32)
    np.testing.assert_array_equal(words(pack_words(fingerprint_)), fingerprint_)
    probabilities = normalised(generator.random(62) ** 8)
    Affect(values[0], halves(pack_halves(probabilities[None], 62)[0], 62)[0])


@pytest.mark.parametrize("values", [[[1.0, 2.0]], [1.0, 2.0, 3.0], [[np.inf, 0.0, 0.0]]])
def test_blobs_refuse_what_is_no_score(values: ArrayLike) -> None:
    with pytest.raises(ValueError, match=r"expected|finite"):
        pack_singles(values, 3)
    with pytest.raises(ValueError, match=r"expected|finite"):
        pack_halves(values, 3)


def test_what_fp16_cannot_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="finite"):
        pack_halves([[1e6]])
