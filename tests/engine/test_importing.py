"""Importing: every file given is counted once, whatever is in it and whenever the process dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest

from engine.catalogue import LOCAL_GUILD, Catalogue
from engine.errors import CatalogueError, SourceError, ToolError
from engine.importing import ImportProgress, ImportReport, given_files, import_paths
from engine.scoring import ScoredRecording, ScoreFailure, Scorer
from tests.audio import Studio, song
from tests.engine.importing_child import PlainEncoder

CHECKOUT = Path(__file__).resolve().parents[2]
N = 12


class CountingScorer(Scorer):
    """The real scorer, which also says what it was given."""

    def __init__(self, version: str = "plain-1") -> None:
        super().__init__(PlainEncoder(version))
        self.given: list[str] = []

    def score_files(self, paths: Iterable[Path], workers: int | None = None) -> Iterator[tuple[Path, ScoredRecording | ScoreFailure]]:
        paths = list(paths)
        self.given = sorted(path.name for path in paths)
        return super().score_files(paths, workers)


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Catalogue]:
    with Catalogue(tmp_path / "home" / "catalogue.db") as opened:
        yield opened


@pytest.fixture(scope="module")
def twelve(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of twelve different songs of 20 s, two segments each."""
    folder = tmp_path_factory.mktemp("twelve")
    for seed in range(N):
        Studio(folder / f"disc {seed % 2}").wav(f"{seed}.wav", song(20.0, seed=seed, rate=16_000), rate=16_000)
    return folder


@pytest.fixture
def library(tmp_path: Path) -> Studio:
    (tmp_path / "music").mkdir()
    return Studio(tmp_path / "music")


def counts(report: ImportReport) -> tuple[int, int, int, int]:
    return report.added, report.known, report.failed, report.left


def check_whole(catalogue: Catalogue, folder: Path) -> None:
    """Exactly one track per file, each with the segments that scoring its file alone gives."""
    scorer = Scorer(PlainEncoder())
    tracks = catalogue.tracks([LOCAL_GUILD])
    assert sorted(track.path or "" for track in tracks) == sorted(str(path) for path in folder.rglob("*.wav"))
    for track in tracks:
        alone = scorer.score_file(Path(track.path or ""))
        stored = catalogue.segments(track.recording_id)
        np.testing.assert_array_equal(stored.starts, alone.starts)
        np.testing.assert_array_equal(stored.ends, alone.ends)
        np.testing.assert_allclose(stored.scores.vad, alone.segments.vad, atol=1e-3)
        np.testing.assert_allclose(stored.scores.emoji, alone.segments.emoji, atol=1e-3)
        np.testing.assert_allclose(stored.scores.embedding, alone.segments.embedding, atol=1e-3)
        assert catalogue.find_same(alone.fingerprint, alone.duration_s) == track.recording_id
    assert len(catalogue.song_table().recording_ids) == len(tracks)
    assert len(catalogue.segment_table().segment_ids) == 2 * len(tracks)
    with catalogue.reading() as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system cannot kill -9")
def test_killed_twice_it_ends_with_every_track_once(catalogue: Catalogue, twelve: Path) -> None:
    stored = 0
    for enough in (3, 7):
        child = subprocess.Popen([sys.executable, "-m", "tests.engine.importing_child", str(catalogue.path), str(twelve)], cwd=CHECKOUT)
        while catalogue.count_tracks([LOCAL_GUILD]) < enough:
            assert child.poll() is None, "it ended before it could be killed"
            time.sleep(0.005)
        child.send_signal(signal.SIGKILL)
        assert child.wait() == -signal.SIGKILL
        stored = catalogue.count_tracks([LOCAL_GUILD])
        assert enough <= stored < N
    scorer = CountingScorer()
    report = import_paths(catalogue, scorer, [twelve])
    assert counts(report) == (N - stored, stored, 0, 0)
    assert len(scorer.given) == N - stored, "what was stored is not decoded again"
    check_whole(catalogue, twelve)
    assert [job.state for job in catalogue.jobs(LOCAL_GUILD)] == ["done", "interrupted", "interrupted"]


def test_ctrl_c_ends_cleanly_and_says_how_to_go_on(catalogue: Catalogue, twelve: Path) -> None:
    def press(progress: ImportProgress) -> None:
        if progress.done == 4:
            signal.raise_signal(signal.SIGINT)

    report = import_paths(catalogue, CountingScorer(), [twelve], progress=press)
    assert counts(report) == (4, 0, 0, N - 4)
    assert report.given == N
    assert report.interrupted
    assert report.sentence() == (
        "Stopped with 8 of 12 files left: 4 added, 0 already known, 0 failed, of 12 files."
        " Run the same command again to go on where it was."
    )
    assert catalogue.job(report.job_id).state == "interrupted"
    assert catalogue.job(report.job_id).counts == {"pending": 8, "added": 4, "known": 0, "failed": 0}
    report = import_paths(catalogue, CountingScorer(), [twelve])
    assert counts(report) == (8, 4, 0, 0)
    check_whole(catalogue, twelve)


def test_progress_comes_after_every_file(catalogue: Catalogue, twelve: Path) -> None:
    told: list[ImportProgress] = []
    import_paths(catalogue, CountingScorer(), [twelve], progress=told.append)
    assert [progress.done for progress in told] == list(range(N + 1))
    assert {progress.total for progress in told} == {N}
    assert (told[0].songs_per_s, told[0].left_s) == (0.0, None)
    assert all(progress.songs_per_s > 0 for progress in told[1:])
    assert told[-1].left_s == 0
    assert all(progress.added + progress.known + progress.failed == progress.done for progress in told)


def test_the_same_recording_in_other_formats_is_known(catalogue: Catalogue, library: Studio) -> None:
    sound = song(20.0, seed=1)
    library.encode("1 first.flac", sound, tags={"title": "The song", "artist": "The singer", "genre": "Folk"})
    library.encode("2 again.mp3", sound, "-b:a", "96k")
    library.encode("3 again.opus", sound, "-b:a", "48k")
    library.song("4 other.ogg", seed=2)
    report = import_paths(catalogue, CountingScorer(), [library.folder], workers=1)
    assert counts(report) == (2, 2, 0, 0)
    track = catalogue.tracks([LOCAL_GUILD], text="The song")[0]
    assert (track.artist, track.genre, track.path) == ("The singer", "Folk", str(library.folder / "1 first.flac"))
    scorer = CountingScorer()
    assert counts(import_paths(catalogue, scorer, [library.folder])) == (0, 4, 0, 0)
    assert scorer.given == [], "nothing that is unchanged is decoded again"


def test_broken_files_are_counted_but_not_retried_until_they_change(catalogue: Catalogue, library: Studio) -> None:
    good = library.song("good.wav", seed=1)
    for name, content in (("empty.mp3", b""), ("text.mp3", b"not a song at all\n" * 50), ("cut.flac", b"fLaC")):
        (library.folder / name).write_bytes(content)
    scorer = CountingScorer()
    report = import_paths(catalogue, scorer, [library.folder])
    assert counts(report) == (1, 0, 3, 0)
    assert len(scorer.given) == 4
    errors = {Path(error.path).name: error for error in catalogue.errors(LOCAL_GUILD)}
    assert errors.keys() == {"empty.mp3", "text.mp3", "cut.flac"}
    assert all(error.reason.endswith(".") and error.tries == 1 for error in errors.values())
    assert {item.reason for item in catalogue.job_items(report.job_id, "failed")} == {error.reason for error in errors.values()}

    scorer = CountingScorer()
    report = import_paths(catalogue, scorer, [library.folder])
    assert counts(report) == (0, 1, 3, 0)
    assert scorer.given == []
    assert len(catalogue.job_items(report.job_id, "failed")) == 3

    (library.folder / "empty.mp3").write_bytes(b"other words, no music" * 50)
    library.song("text.mp3", seed=2)
    scorer = CountingScorer()
    assert counts(import_paths(catalogue, scorer, [library.folder])) == (1, 1, 2, 0)
    assert scorer.given == ["empty.mp3", "text.mp3"]
    assert {Path(error.path).name: error.tries for error in catalogue.errors(LOCAL_GUILD)} == {"empty.mp3": 2, "cut.flac": 1}
    assert sorted(track.path or "" for track in catalogue.tracks([LOCAL_GUILD])) == [str(good), str(library.folder / "text.mp3")]


def test_a_file_that_cannot_be_looked_at_is_tried_each_time(catalogue: Catalogue, library: Studio) -> None:
    link = library.folder / "gone.mp3"
    link.symlink_to(library.folder / "nowhere.mp3")
    for tries in (1, 2):
        assert counts(import_paths(catalogue, CountingScorer(), [library.folder])) == (0, 0, 1, 0)
        (error,) = catalogue.errors(LOCAL_GUILD)
        assert error.tries == tries
        assert "cannot be read (No such file or directory)" in error.reason


def test_a_path_given_twice_is_counted_once(catalogue: Catalogue, library: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    path = library.song("a.wav", seed=1)
    monkeypatch.chdir(library.folder)
    assert given_files([library.folder, Path("a.wav"), path, Path()]) == [path]
    assert counts(import_paths(catalogue, CountingScorer(), [path, Path("a.wav"), library.folder])) == (1, 0, 0, 0)
    assert counts(import_paths(catalogue, CountingScorer(), [])) == (0, 0, 0, 0)


def test_a_missing_path_is_refused_before_anything_is_stored(catalogue: Catalogue, library: Studio) -> None:
    library.song("a.wav", seed=1)
    with pytest.raises(SourceError):
        import_paths(catalogue, CountingScorer(), [library.folder, library.folder / "missing"])
    assert catalogue.jobs(LOCAL_GUILD) == []


def test_moved_retagged_and_replaced_files(catalogue: Catalogue, library: Studio) -> None:
    first = library.encode("a.flac", song(20.0, seed=1), tags={"title": "One"})
    import_paths(catalogue, CountingScorer(), [library.folder])
    (track,) = catalogue.tracks([LOCAL_GUILD])

    moved = first.rename(library.folder / "b.flac")
    assert counts(import_paths(catalogue, CountingScorer(), [library.folder])) == (0, 1, 0, 0)
    assert catalogue.track(track.track_id).path == str(moved)

    library.encode("b.flac", song(20.0, seed=1), tags={"title": "One, corrected"})
    assert counts(import_paths(catalogue, CountingScorer(), [library.folder])) == (0, 1, 0, 0)
    assert catalogue.track(track.track_id).title == "One, corrected"

    library.encode("b.flac", song(20.0, seed=2), tags={"title": "Two"})
    assert counts(import_paths(catalogue, CountingScorer(), [library.folder])) == (1, 0, 0, 0)
    assert [other.title for other in catalogue.tracks([LOCAL_GUILD])] == ["Two"]


def test_another_guild_shares_the_recording(catalogue: Catalogue, library: Studio) -> None:
    library.song("a.wav", seed=1)
    assert counts(import_paths(catalogue, CountingScorer(), [library.folder])) == (1, 0, 0, 0)
    assert counts(import_paths(catalogue, CountingScorer(), [library.folder], 77, added_by=9)) == (1, 0, 0, 0)
    assert len(catalogue.song_table().recording_ids) == 1
    assert catalogue.tracks([77])[0].added_by == 9
    assert catalogue.jobs(77)[0].added_by == 9


def test_a_newer_model_scores_everything_anew(catalogue: Catalogue, library: Studio) -> None:
    library.song("a.wav", seed=1)
    import_paths(catalogue, CountingScorer(), [library.folder])
    scorer = CountingScorer("plain-2")
    assert counts(import_paths(catalogue, scorer, [library.folder])) == (0, 1, 0, 0)
    assert scorer.given == ["a.wav"]
    assert catalogue.song_table().model_versions.tolist() == ["plain-2"]
    scorer = CountingScorer("plain-2")
    import_paths(catalogue, scorer, [library.folder])
    assert scorer.given == []


def test_without_ffmpeg_nothing_is_held_against_the_files(catalogue: Catalogue, library: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    library.song("a.wav", seed=1)

    def no_ffmpeg(*_: object, **__: object) -> None:
        raise ToolError("ffmpeg is not installed", "install it")

    monkeypatch.setattr("engine.scoring.open_audio", no_ffmpeg)
    with pytest.raises(ToolError):
        import_paths(catalogue, CountingScorer(), [library.folder])
    assert catalogue.errors(LOCAL_GUILD) == []
    assert catalogue.jobs(LOCAL_GUILD)[0].state == "interrupted"
    monkeypatch.undo()
    assert counts(import_paths(catalogue, CountingScorer(), [library.folder])) == (1, 0, 0, 0)


def test_a_full_disk_stops_the_import_and_keeps_what_was_stored(catalogue: Catalogue, twelve: Path) -> None:
    def fill_up(progress: ImportProgress) -> None:
        if progress.done == 2:
            with catalogue.transaction() as db:
                db.execute(f"PRAGMA max_page_count = {db.execute('PRAGMA page_count').fetchone()[0]}")

    with pytest.raises(CatalogueError, match="disk is full"):
        import_paths(catalogue, CountingScorer(), [twelve], progress=fill_up)
    before = catalogue.count_tracks([LOCAL_GUILD])
    assert 2 <= before < N
    with catalogue.transaction() as db:
        db.execute("PRAGMA max_page_count = 1000000")
    assert counts(import_paths(catalogue, CountingScorer(), [twelve])) == (N - before, before, 0, 0)
    check_whole(catalogue, twelve)


def test_odd_names(catalogue: Catalogue, library: Studio) -> None:
    names = ['it\'s "quoted".wav', "two\nlines.wav", "-dash.wav", "ünï 🎵.wav"]
    if os.name == "posix":
        names.append(os.fsdecode(b"not \xff utf-8.wav"))
    for seed, name in enumerate(names):
        library.wav(name, song(8.0, seed=seed, rate=16_000), rate=16_000)
    assert counts(import_paths(catalogue, CountingScorer(), [library.folder])) == (len(names), 0, 0, 0)
    assert sorted(Path(track.path or "").name for track in catalogue.tracks([LOCAL_GUILD])) == sorted(names)
    assert counts(import_paths(catalogue, CountingScorer(), [library.folder])) == (0, len(names), 0, 0)
