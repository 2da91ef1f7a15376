"""The shipped audio encoder on sounds made on the spot."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from engine.affect import N_EMOJI, Affect
from engine.audio.mel import N_MELS, SAMPLE_RATE
from engine.encoders import weights_io
from engine.encoders.audio import MAX_SEGMENT_S, ConvAudioEncoder, chosen_device, load_audio_encoder
from engine.encoders.audio_net import EMBEDDING, WINDOW_FRAMES, AudioNet, band_statistics, window_starts
from engine.errors import ModelError
from tests.audio import MINOR, Signal, beat, chord, noise, silence, song


@pytest.fixture(scope="module")
def encoder() -> ConvAudioEncoder:
    return load_audio_encoder("cpu")


def _calm_pad() -> Signal:
    swell = 0.5 - 0.5 * np.cos(np.linspace(0, 4 * np.pi, 15 * SAMPLE_RATE))
    return np.asarray(0.15 * swell * chord(15.0, intervals=(0, 7, 12), rate=SAMPLE_RATE), dtype=np.float32)


def _fast_noisy_beat() -> Signal:
    drums = beat(15.0, bpm=175.0, rate=SAMPLE_RATE)
    guitar = np.clip(6 * chord(15.0, root=82.4, intervals=(0, 7, 12), rate=SAMPLE_RATE), -0.6, 0.6)
    return np.asarray(np.clip(drums + guitar + noise(15.0, level=0.25, rate=SAMPLE_RATE), -1, 1), dtype=np.float32)


def test_shapes_types_and_ranges(encoder: ConvAudioEncoder) -> None:
    score = encoder.score([song(15.0, rate=SAMPLE_RATE), song(6.0, seed=1, rate=SAMPLE_RATE)])
    assert (score.vad.shape, score.emoji.shape, score.embedding.shape, score.uncertainty.shape) == (
        (2, 3),
        (2, N_EMOJI),
        (2, EMBEDDING),
        (2, 2),
    )
    assert [str(a.dtype) for a in (score.vad, score.emoji, score.embedding)] == ["float32", "float32", "float16"]
    assert score.vad.min() >= 0
    assert score.vad.max() <= 1
    assert (score.uncertainty > 0).all()
    np.testing.assert_allclose(score.emoji.sum(axis=1), 1.0, atol=1e-5)


def test_a_loud_fast_beat_is_more_aroused_than_a_calm_pad(encoder: ConvAudioEncoder) -> None:
    vad = encoder.score([_calm_pad(), _fast_noisy_beat()]).vad
    assert vad[1, 1] > vad[0, 1] + 0.15


def test_a_batch_scores_as_its_segments_alone(encoder: ConvAudioEncoder) -> None:
    segments = [
        song(seconds, seed=i, rate=SAMPLE_RATE) for i, seconds in enumerate((15.0, 5.0, 15.0, 9.7, 0.2, 15.0, 15.0, 12.3, 7.0, 15.0))
    ]
    together = encoder.score(segments)
    for i, segment in enumerate(segments):
        alone = encoder.score([segment])
        np.testing.assert_allclose(together.vad[i], alone.vad[0], atol=2e-3)
        np.testing.assert_allclose(together.embedding[i].astype(float), alone.embedding[0].astype(float), atol=2e-2)


def test_the_stored_embedding_gives_exactly_the_same_scores(encoder: ConvAudioEncoder) -> None:
    score = encoder.score([song(15.0, seed=3, rate=SAMPLE_RATE), noise(8.0, rate=SAMPLE_RATE)])
    again = encoder.heads(score.embedding)
    for name in ("vad", "emoji", "embedding", "uncertainty"):
        np.testing.assert_array_equal(getattr(score, name), getattr(again, name))


def test_the_same_audio_gives_the_same_score(encoder: ConvAudioEncoder) -> None:
    wave = song(15.0, seed=4, rate=SAMPLE_RATE)
    np.testing.assert_array_equal(encoder.score([wave]).embedding, load_audio_encoder("cpu").score([wave]).embedding)


@pytest.mark.parametrize("seconds", [1 / SAMPLE_RATE, 0.01, 1.0, 15.0])
def test_silence_of_any_length_has_a_sane_affect(encoder: ConvAudioEncoder, seconds: float) -> None:
    score = encoder.score([silence(seconds, rate=SAMPLE_RATE)])
    affect = encoder.calibrate(score.vad, score.emoji)[0]
    assert isinstance(affect, Affect)
    assert np.isfinite(score.embedding).all()


@hypothesis_settings(max_examples=20, deadline=None)
@given(st.integers(1, 40_000), st.integers(0, 2**32 - 1), st.floats(0.0, 50.0))
def test_any_finite_audio_has_an_affect(samples: int, seed: int, level: float) -> None:
    wave = (level * np.random.default_rng(seed).standard_normal(samples)).astype(np.float32)
    score = _shared().score([wave])
    Affect(score.vad[0], score.emoji[0])
    assert np.isfinite(score.uncertainty).all()


_loaded: list[ConvAudioEncoder] = []


def _shared() -> ConvAudioEncoder:
    """One encoder for all examples; hypothesis does not go with fixtures of a narrower scope."""
    if not _loaded:
        _loaded.append(load_audio_encoder("cpu"))
    return _loaded[0]


@pytest.mark.parametrize(
    "wave",
    [
        np.zeros(0, np.float32),
        np.zeros((2, 100), np.float32),
        np.zeros(int(16 * SAMPLE_RATE), np.float32),
        np.full(100, np.nan, np.float32),
    ],
)
def test_what_is_no_segment_is_refused(encoder: ConvAudioEncoder, wave: Signal) -> None:
    with pytest.raises(ValueError, match="segment"):
        encoder.score([wave])


def test_nothing_scores_as_nothing(encoder: ConvAudioEncoder) -> None:
    assert len(encoder.score([]).vad) == 0
    assert MAX_SEGMENT_S >= 15.0


def test_a_song_of_one_segment_is_that_segment(encoder: ConvAudioEncoder) -> None:
    score = encoder.score([song(15.0, seed=5, rate=SAMPLE_RATE)])
    vad, emoji = encoder.pool(score)
    np.testing.assert_allclose(vad, score.vad[0], atol=1e-6)
    np.testing.assert_allclose(emoji, score.emoji[0], atol=1e-6)


def test_a_song_lies_among_its_segments_whatever_their_order(encoder: ConvAudioEncoder) -> None:
    score = encoder.score([_calm_pad(), _fast_noisy_beat(), chord(15.0, intervals=MINOR, rate=SAMPLE_RATE)])
    vad, emoji = encoder.pool(score)
    reverse, _ = encoder.pool(encoder.heads(score.embedding[::-1]))
    assert score.vad[:, 1].min() - 1e-4 <= vad[1] <= score.vad[:, 1].max() + 1e-4
    np.testing.assert_allclose(vad, reverse, atol=1e-5)
    Affect(vad, emoji)


def test_a_song_needs_a_segment(encoder: ConvAudioEncoder) -> None:
    with pytest.raises(ValueError, match="segment"):
        encoder.pool(encoder.score([]))


def test_a_flipped_byte_in_the_weights_is_found(tmp_path: Path) -> None:
    shutil.copytree(weights_io.WEIGHTS / "audio", tmp_path / "audio")
    shutil.copy(weights_io.WEIGHTS / weights_io.MANIFEST, tmp_path)
    path = tmp_path / "audio" / "model.safetensors"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(ModelError, match="damaged"):
        load_audio_encoder("cpu", tmp_path)


def test_weights_of_another_architecture_are_refused(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    (tmp_path / "audio").mkdir()
    save_file({"mean": torch.zeros(3)}, tmp_path / "audio" / "model.safetensors", metadata={"moods": '["calm"]'})
    weights_io.write_manifest(["audio/model.safetensors"], tmp_path)
    with pytest.raises(ModelError, match="do not fit this version of Emojuke; reinstall") as caught:
        load_audio_encoder("cpu", tmp_path)
    assert len(str(caught.value)) < 150


def test_the_device_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert chosen_device("auto") == chosen_device("cpu") == "cpu"
    with pytest.raises(ModelError, match="no GPU"):
        chosen_device("cuda")
    with pytest.raises(ModelError, match="no device"):
        chosen_device("abacus")


def _net(seed: int) -> AudioNet:
    """A network whose every number is random, so that no part of it hides behind zeros."""
    torch.manual_seed(seed)
    net = AudioNet(7).eval()
    with torch.no_grad():
        for value in net.state_dict().values():
            value.copy_(0.05 * torch.randn(value.shape))
    return net


@torch.no_grad()
@pytest.mark.parametrize("frames", [2, 32, 63, 64, 65, 127, 187, 299])
def test_padding_does_not_change_an_embedding(frames: int) -> None:
    net = _net(1)
    mel = torch.rand(2, N_MELS, 300)
    together = net(mel, torch.tensor([frames, 300]))
    torch.testing.assert_close(together[:1], net(mel[:1, :, :frames]), atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(together[1:], net(mel[1:]), atol=1e-5, rtol=1e-4)
    assert not torch.equal(together[0], together[1])


@given(st.integers(1, 2000))
def test_windows_lie_inside_their_segment_and_apart(frames: int) -> None:
    (first, second), *_ = window_starts(torch.tensor([frames])).tolist()
    assert 0 <= first <= second <= max(0, frames - WINDOW_FRAMES)
    assert second - first >= WINDOW_FRAMES or frames < 2 * WINDOW_FRAMES + 2


def test_statistics_are_those_of_the_valid_frames() -> None:
    mel = torch.rand(1, N_MELS, 50)
    padded = torch.cat([mel, torch.rand(1, N_MELS, 10)], dim=2)
    found = band_statistics(padded, torch.tensor([50]))[0]
    torch.testing.assert_close(found, band_statistics(mel)[0], atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(found[:N_MELS], mel[0].mean(dim=1))
    torch.testing.assert_close(found[N_MELS : 2 * N_MELS], mel[0].std(dim=1, correction=0), atol=1e-3, rtol=1e-3)
    change = mel[0].diff(dim=1)
    torch.testing.assert_close(found[3 * N_MELS :], change.std(dim=1, correction=0), atol=1e-3, rtol=1e-3)
