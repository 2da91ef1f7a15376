"""The log-mel front end against librosa."""

from __future__ import annotations

from collections.abc import Callable

import librosa
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from engine.audio.mel import COMPRESSION, HOP, N_FFT, N_MELS, SAMPLE_RATE, LogMel, frame_count, hz_to_mel, mel_filters, mel_to_hz
from tests.audio import Signal, beat, chord, noise, silence, tone


def _librosa(wave: Signal) -> Signal:
    """librosa warns of waves shorter than a window; they are what is tested here."""
    mel = librosa.feature.melspectrogram(y=wave, sr=SAMPLE_RATE, n_fft=N_FFT, hop_length=HOP, n_mels=N_MELS)
    return np.asarray(np.log1p(COMPRESSION * mel), dtype=np.float32)


def _ours(wave: Signal) -> Signal:
    with torch.inference_mode():
        return np.asarray(LogMel()(torch.from_numpy(wave)[None])[0].numpy())


def test_the_filters_are_librosas() -> None:
    theirs = librosa.filters.mel(sr=SAMPLE_RATE, n_fft=N_FFT, n_mels=N_MELS)
    np.testing.assert_allclose(mel_filters(), theirs, atol=1e-7)


@pytest.mark.parametrize("make", [tone, chord, beat, noise, silence])
def test_the_spectrogram_is_librosas_within_a_ten_thousandth(make: Callable[..., Signal]) -> None:
    wave = make(2.3, rate=SAMPLE_RATE)
    ours, theirs = _ours(wave), _librosa(wave)
    assert ours.shape == theirs.shape == (N_MELS, frame_count(len(wave)))
    np.testing.assert_allclose(ours, theirs, atol=1e-4)


@pytest.mark.filterwarnings("ignore:n_fft=512 is too large")
@hypothesis_settings(max_examples=25, deadline=None)
@given(st.integers(1, 3000), st.integers(0, 2**32 - 1), st.floats(0.0, 4.0))
def test_it_is_librosas_at_any_length_and_level(samples: int, seed: int, level: float) -> None:
    wave = (level * np.random.default_rng(seed).standard_normal(samples)).astype(np.float32)
    np.testing.assert_allclose(_ours(wave), _librosa(wave), atol=1e-4)


def test_a_wave_padded_with_silence_keeps_its_frames() -> None:
    wave = noise(1.0, rate=SAMPLE_RATE)[: SAMPLE_RATE - 100]
    padded = np.concatenate([wave, silence(2.0, rate=SAMPLE_RATE)])
    np.testing.assert_array_equal(_ours(padded)[:, : frame_count(len(wave))], _ours(wave))


@given(st.floats(0.0, SAMPLE_RATE / 2))
def test_the_mel_scale_has_an_inverse(hertz: float) -> None:
    assert float(mel_to_hz(hz_to_mel(np.array(hertz)))) == pytest.approx(hertz, abs=1e-6)
