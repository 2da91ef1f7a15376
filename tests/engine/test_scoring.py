"""Many files through one network: complete, bounded, and gone at once when stopped."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import psutil
import pytest

from engine import scoring
from engine.affect import N_EMOJI, Affect, FloatArray
from engine.audio import decode
from engine.encoders.base import AudioScore
from engine.errors import AudioError, ModelError, SourceError, ToolError
from engine.scoring import ScoredRecording, ScoreFailure, Scorer
from tests.audio import Studio, noise, silence, tone


class LoudnessEncoder:
    """A small encoder that keeps the contract: arousal is the level of a segment, the embedding tells which samples it saw."""

    version = "loudness-1"
    sample_rate = 16_000

    def __init__(self, before: Callable[[], None] = lambda: None) -> None:
        self.batches: list[int] = []
        self._before = before

    def score(self, segments: Sequence[FloatArray]) -> AudioScore:
        self._before()
        self.batches.append(len(segments))
        return self.heads(np.array([[len(s) / 240_000, np.abs(s).max(), np.abs(s).mean()] for s in segments], dtype=np.float16))

    def heads(self, embedding: FloatArray) -> AudioScore:
        n = len(embedding)
        vad = np.stack([np.full(n, 0.5), np.clip(embedding[:, 1], 0, 1), np.full(n, 0.5)], axis=1).astype(np.float32)
        return AudioScore(vad, np.full((n, N_EMOJI), 1 / N_EMOJI, dtype=np.float32), embedding, np.full((n, 2), 0.1, dtype=np.float32))

    def pool(self, score: AudioScore) -> tuple[FloatArray, FloatArray]:
        return score.vad.mean(axis=0), score.emoji.mean(axis=0)

    def calibrate(self, vad: FloatArray, emoji: FloatArray) -> list[Affect]:
        return [Affect(v, e) for v, e in zip(vad, emoji, strict=True)]


@pytest.fixture(autouse=True)
def _no_child_and_no_thread_is_left() -> Iterator[None]:
    children, threads = set(psutil.Process().children()), set(threading.enumerate())
    yield
    assert not set(psutil.Process().children()) - children
    assert not [thread for thread in set(threading.enumerate()) - threads if thread.name.startswith("decode-")]


@pytest.fixture(scope="module")
def clip(studio: Studio) -> Path:
    return studio.wav("scoring-clip.wav", np.concatenate([tone(15.0, level=0.25), tone(15.0, level=0.75)]))


def test_one_file(clip: Path) -> None:
    scored = Scorer(LoudnessEncoder()).score_file(clip)
    assert scored.duration_s == pytest.approx(30.0)
    assert scored.model_version == "loudness-1"
    assert scored.notices == ()
    np.testing.assert_allclose(scored.starts, [0, 15])
    np.testing.assert_allclose(scored.ends, [15, 30])
    assert scored.starts.dtype == scored.ends.dtype == np.float32
    np.testing.assert_allclose(scored.segments.vad[:, 1], [0.25, 0.75], atol=0.01)
    assert scored.segments.embedding.shape == (2, 3)
    assert scored.segments.uncertainty.shape == (2, 2)
    np.testing.assert_allclose(scored.song_vad, [0.5, 0.5, 0.5], atol=0.01)
    assert scored.song_emoji.shape == (N_EMOJI,)
    assert scored.fingerprint.dtype == np.uint32
    assert len(scored.fingerprint) > 200


def test_every_file_gets_its_own_result_whatever_the_batches(audio: Studio) -> None:
    levels = {audio.wav(f"{i}.wav", tone(2.0 + i, level=0.05 * (i + 1), rate=8000), rate=8000): 0.05 * (i + 1) for i in range(12)}
    for batch, workers in ((1, 1), (5, 3), (64, 2)):
        encoder = LoudnessEncoder()
        found = dict(Scorer(encoder, batch=batch).score_files(levels, workers))
        assert found.keys() == levels.keys()
        for path, scored in found.items():
            assert isinstance(scored, ScoredRecording)
            np.testing.assert_allclose(scored.song_vad[1], levels[path], atol=0.01)
        assert max(encoder.batches) <= batch
        assert sum(encoder.batches) == len(levels)


def test_the_segments_of_a_long_file_stay_in_order(audio: Studio) -> None:
    steps = np.repeat(np.linspace(0.1, 0.9, 21), 15 * 8000)
    long = audio.wav("long.wav", (steps * np.sign(noise(21 * 15.0, rate=8000))).astype(np.float32), rate=8000)
    short = [audio.wav(f"{i}.wav", tone(3.0)) for i in range(4)]
    found = dict(Scorer(LoudnessEncoder(), batch=4).score_files([long, *short], 2))
    scored = found[long]
    assert isinstance(scored, ScoredRecording)
    np.testing.assert_allclose(scored.starts, np.arange(21) * 15.0)
    assert (np.diff(scored.segments.embedding[:, 2].astype(np.float64)) > 0).all()


def test_a_bad_file_is_a_failure_and_the_others_go_on(audio: Studio, clip: Path) -> None:
    text, mute, gone = audio.folder / "text.mp3", audio.wav("mute.wav", silence(40.0)), audio.folder / "gone.mp3"
    text.write_text("no song")
    found = dict(Scorer(LoudnessEncoder()).score_files([text, mute, clip, gone]))
    failures = {path: result.error for path, result in found.items() if isinstance(result, ScoreFailure)}
    assert {path: type(error) for path, error in failures.items()} == {text: AudioError, mute: AudioError, gone: SourceError}
    assert isinstance(found[clip], ScoredRecording)
    with pytest.raises(AudioError, match="silence"):
        Scorer(LoudnessEncoder()).score_file(mute)


def test_the_limit_and_the_notices_come_through(audio: Studio) -> None:
    path = audio.encode("x.mp3", noise(12.0))
    with pytest.raises(AudioError, match="too long"):
        Scorer(LoudnessEncoder(), max_duration_s=5.0).score_file(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert "cut short" in Scorer(LoudnessEncoder()).score_file(path).notices[0]


def test_no_files_no_results() -> None:
    assert list(Scorer(LoudnessEncoder()).score_files([])) == []


def test_paths_are_taken_only_as_they_are_needed(clip: Path) -> None:
    taken = 0

    def endless() -> Iterator[Path]:
        nonlocal taken
        while True:
            taken += 1
            yield clip

    results = Scorer(LoudnessEncoder(), batch=2).score_files(endless(), 2)
    for _ in range(3):
        next(results)
    results.close()  # type: ignore[attr-defined] # it is a generator, which an early break would close as well
    assert taken < 3 + scoring.WAITING + 2


@pytest.mark.parametrize("error", [ModelError("the network broke", "mend it"), KeyboardInterrupt(), RuntimeError("a bug")])
def test_an_error_in_the_network_stops_the_run(clip: Path, error: BaseException) -> None:
    def fail() -> None:
        raise error

    with pytest.raises(type(error)):
        list(Scorer(LoudnessEncoder(fail), batch=1).score_files([clip] * 50, 2))


def test_an_error_in_whoever_uses_the_results_stops_the_run(clip: Path) -> None:
    def use() -> None:
        for _ in Scorer(LoudnessEncoder(), batch=1).score_files([clip] * 50, 2):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        use()


def test_a_missing_ffmpeg_stops_the_run(clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decode, "ffmpeg_path", lambda: "/nowhere/ffmpeg")
    monkeypatch.setattr(decode, "can_fingerprint", lambda _: True)
    with pytest.raises(ToolError, match="could not be started"):
        list(Scorer(LoudnessEncoder()).score_files([clip] * 10))


def test_an_error_in_the_paths_stops_the_run(clip: Path) -> None:
    def broken() -> Iterator[Path]:
        yield clip
        raise SourceError("the folder went away", "bring it back")

    with pytest.raises(SourceError, match="went away"):
        list(Scorer(LoudnessEncoder()).score_files(broken(), 1))


def test_the_threads_of_the_network_are_given_back(clip: Path) -> None:
    import torch

    before, inside = torch.get_num_threads(), []
    Scorer(LoudnessEncoder(lambda: inside.append(torch.get_num_threads())), threads=1).score_file(clip)
    assert set(inside) == {1}
    assert torch.get_num_threads() == before


def test_the_shipped_network_scores_a_clip(clip: Path) -> None:
    from engine.encoders.audio import load_audio_encoder

    scored = Scorer(load_audio_encoder("cpu")).score_file(clip)
    assert len(scored.segments.embedding) == 2
    assert scored.song_emoji.sum() == pytest.approx(1.0, abs=1e-3)
    assert ((scored.song_vad >= 0) & (scored.song_vad <= 1)).all()
