"""Log-mel spectrograms in torch, equal to librosa's, so that serving needs no librosa.

The front end is that of MusiCNN (Pons and Serra, 2019): 16 kHz, windows of 512 samples every 256, 96 Slaney mel bands up to 8 kHz on the
power spectrum, compressed by ln(1 + 10000 * mel). Frames are centred and the signal is continued by silence at both ends, so a waveform
padded with zeros to the length of its batch gives the frames of the unpadded one.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

SAMPLE_RATE = 16_000
N_FFT = 512
HOP = 256
N_MELS = 96
COMPRESSION = 10_000.0

#: Slaney's Auditory Toolbox scale: linear to 1 kHz at 200/3 Hz a mel, then logarithmic with 27 mels for each factor of 6.4.
_HZ_PER_MEL = 200.0 / 3.0
_BREAK_HZ = 1000.0
_BREAK_MEL = _BREAK_HZ / _HZ_PER_MEL
_LOG_STEP = np.log(6.4) / 27.0


def frame_count(samples: int) -> int:
    """Frames of a waveform of ``samples`` samples: one at its start and one every ``HOP`` samples."""
    return 1 + samples // HOP


def hz_to_mel(hz: NDArray[np.float64]) -> NDArray[np.float64]:
    """Frequencies in Hz on Slaney's mel scale."""
    above = _BREAK_MEL + np.log(np.maximum(hz, _BREAK_HZ) / _BREAK_HZ) / _LOG_STEP
    return np.where(hz < _BREAK_HZ, hz / _HZ_PER_MEL, above)


def mel_to_hz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    """The inverse of :func:`hz_to_mel`."""
    above = _BREAK_HZ * np.exp(_LOG_STEP * (np.maximum(mel, _BREAK_MEL) - _BREAK_MEL))
    return np.where(mel < _BREAK_MEL, mel * _HZ_PER_MEL, above)


def mel_filters() -> NDArray[np.float32]:
    """(96, 257) float32 triangular filters over the bins of the power spectrum, each scaled to unit area per Hz (Slaney's norm)."""
    edges = mel_to_hz(np.linspace(0.0, float(hz_to_mel(np.array(SAMPLE_RATE / 2.0))), N_MELS + 2))
    bins = np.linspace(0.0, SAMPLE_RATE / 2.0, N_FFT // 2 + 1)
    low, centre, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    rising = (bins - low) / (centre - low)
    falling = (high - bins) / (high - centre)
    triangles = np.clip(np.minimum(rising, falling), 0.0, None)
    return np.asarray(triangles * (2.0 / (high - low)), dtype=np.float32)


class LogMel(nn.Module):
    """Waveforms → ln(1 + 10000 * mel power)."""

    window: Tensor
    filters: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("window", torch.hann_window(N_FFT, periodic=True), persistent=False)
        self.register_buffer("filters", torch.from_numpy(mel_filters()), persistent=False)

    def forward(self, waves: Tensor) -> Tensor:
        """(batch, samples) float32 mono at 16 kHz, about [-1, 1] → (batch, 96, 1 + samples // 256) float32, at least 0."""
        spectrum = torch.stft(waves, N_FFT, HOP, window=self.window, center=True, pad_mode="constant", return_complex=True)
        power = torch.view_as_real(spectrum).square().sum(dim=-1)
        return torch.log1p(COMPRESSION * torch.matmul(self.filters, power))
