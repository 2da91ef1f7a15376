"""Songs of one quadrant near one corner are found by the queries of that corner; mood words become queries only when they are clear."""

from __future__ import annotations

import numpy as np

from engine.affect import N_EMOJI, to_vectors
from engine.calibration import IDENTITY
from engine.training.evaluation.cross_modal import LabelledSongs, Space, development_queries, figures_by_set
from engine.training.evaluation.oof import OofScores, load_oof
from engine.training.evaluation.retrieval import RetrievalQuery

CORNERS = {"Q1": (0.9, 0.9), "Q2": (0.1, 0.9), "Q3": (0.1, 0.1), "Q4": (0.9, 0.1)}
PER_CORNER = 12


def scores():
    rng = np.random.default_rng(5)
    labels = [name for name in CORNERS for _ in range(PER_CORNER)]
    vad = np.array([[*CORNERS[name], 0.5] for name in labels]) + rng.normal(0, 0.03, (len(labels), 3))
    n = len(labels)
    oof = OofScores(
        set=np.full(n, "mer4q"),
        clip=np.arange(n).astype(str),
        fold=np.zeros(n, dtype=np.int64),
        level=np.full(n, "song"),
        start_s=np.zeros(n, dtype=np.float32),
        vad=np.clip(vad, 0, 1).astype(np.float32),
        emoji=np.full((n, N_EMOJI), 1 / N_EMOJI, dtype=np.float32),
        heads={},
        embedding=np.zeros((n, 4), dtype=np.float16),
        uncertainty=np.zeros((n, 2), dtype=np.float32),
        version="made+oof",
    )
    none = np.empty(0, dtype=np.int64)
    songs = LabelledSongs(np.arange(n), none, none, labels, [f"artist {i}" for i in range(n)], [()] * n)
    return oof, songs


def test_each_corner_finds_its_songs():
    oof, songs = scores()
    queries = [RetrievalQuery(name, "word", name, "") for name in CORNERS]
    flat = np.full((4, N_EMOJI), 1 / N_EMOJI)
    vectors = to_vectors(np.array([[*CORNERS[q.text], 0.5] for q in queries]), flat)
    figures, floors = figures_by_set(Space(IDENTITY, 0.5, 0.5), oof, {"4Q": songs}, queries, vectors)
    assert figures["4Q P@10"] == 1.0
    assert figures["mean MRR"] == 1.0
    assert floors["4Q random P@10"] == 0.25


def test_one_artist_does_not_fill_the_page_that_is_measured():
    oof, songs = scores()
    one = LabelledSongs(
        songs.rows, songs.segment_rows, songs.segment_song, songs.labels, ["same"] * PER_CORNER + songs.artists[PER_CORNER:], songs.moods
    )
    vectors = to_vectors(np.array([[*CORNERS["Q1"], 0.5]]), np.full((1, N_EMOJI), 1 / N_EMOJI))
    order = Space(IDENTITY, 0.5, 0.5).order(oof, one, vectors)
    assert [one.artists[i] for i in order[0][:10]].count("same") == 2


def test_mood_words_become_queries_only_when_frequent_clear_and_not_in_the_test():
    labels = ["Q1"] * 10 + ["Q2"] * 10
    moods = [("merry", "rare")] + [("merry", "mixed", "known")] * 9 + [("mixed",)] * 10
    none = np.empty(0, dtype=np.int64)
    songs = LabelledSongs(np.arange(20), none, none, labels, [""] * 20, moods)
    assert development_queries(songs, {"known"}) == [("merry", "Q1")]


def test_the_shipped_predictions_hold_every_song_once_and_one_version():
    oof = load_oof()
    assert {of: len(oof.rows(of=of)) for of in ("deam", "deam-extra", "mer4q", "mirex")} == {
        "deam": 1619,
        "deam-extra": 609,
        "mer4q": 744,
        "mirex": 753,
    }
    for of in ("deam", "mer4q", "mirex"):
        assert len(set(oof.clip[oof.rows(of=of)].tolist())) == len(oof.rows(of=of))
    assert oof.version.endswith("+oof")
    assert np.isfinite(oof.vad).all()
