"""The audio encoder's network: log-mel frames → embedding → heads. Small enough to cost less than decoding the audio.

The trunk is MusiCNN (Pons and Serra, 2019) on two windows of two seconds of each segment. All but 64 of the 561 filters of its front end
died in training, their weights are zero, and are left out: that makes it cheap. Its frozen features and plain statistics of all the frames
go through a small trained perceptron. Everything the catalogue stores comes out of the embedding by linear heads, so scores can be made
again from stored embeddings.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engine.affect import AXES, N_EMOJI
from engine.audio.mel import N_MELS

#: The heads and their sizes; mood words are added by the training data.
HEADS: dict[str, int] = {"vad": len(AXES), "emoji": N_EMOJI, "spread": 2, "dynamic": 2, "static": 2, "quadrant": 4, "cluster": 5}
EMBEDDING = 256

#: Frames of a window (2 s; MusiCNN was trained on 3), and windows of a segment.
WINDOW_FRAMES = 128
WINDOWS = 2

#: The live filters of MusiCNN's front end, bank by bank: (how many, frames, bands).
BANKS: tuple[tuple[int, int, int], ...] = ((23, 7, 38), (14, 7, 67), (3, 128, 1), (7, 64, 1), (17, 32, 1))
FRONT = sum(filters for filters, _, _ in BANKS)
#: Channels of each middle layer and of the last one; frames a middle layer spans.
MIDDLE, LAST, TAPS = 64, 200, 7
POOLED = FRONT + 3 * MIDDLE

#: Size of what the perceptron sees: pooled channels, last layer, four statistics of each band.
TRUNK = POOLED + LAST
FEATURES = TRUNK + 4 * N_MELS
_HIDDEN = 384
#: Keeps predicted standard deviations off zero.
_LEAST_SPREAD = 1e-3


class Affine(nn.Module):
    """Gain and shift of each channel (n, c, t): a folded batch normalisation."""

    gain: Tensor
    shift: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.register_buffer("gain", torch.ones(channels))
        self.register_buffer("shift", torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.gain[:, None] + self.shift[:, None]


class Bank(nn.Module):
    """Filters over a window, ReLU and normalisation, of which only the strongest position in frequency is kept.

    The maximum is taken first: what follows is monotone in each channel, and the filters of falling channels are stored turned round.
    """

    sign: Tensor
    weight: Tensor
    bias: Tensor

    def __init__(self, channels: int, frames: int, bands: int) -> None:
        super().__init__()
        self.register_buffer("weight", torch.zeros(channels, 1, frames, bands))
        self.register_buffer("sign", torch.ones(channels))
        self.register_buffer("bias", torch.zeros(channels))
        self.affine = Affine(channels)
        # Even lengths reach one frame further ahead, as in TensorFlow.
        self.padding = (0, 0, (frames - 1) // 2, frames // 2)

    def forward(self, x: Tensor) -> Tensor:
        """(n, 1, frames, bands) → (n, channels, frames)."""
        peak = torch.amax(F.conv2d(F.pad(x, self.padding), self.weight), dim=3)
        out: Tensor = self.affine(torch.relu(peak * self.sign[:, None] + self.bias[:, None]))
        return out


class Trunk(nn.Module):
    """The live part of MusiCNN, its batch normalisations folded."""

    level: Tensor

    def __init__(self) -> None:
        super().__init__()
        #: Gain and shift of the input; the gain turns natural into decimal logarithms.
        self.register_buffer("level", torch.tensor([1.0, 0.0]))
        self.banks = nn.ModuleList([Bank(*bank) for bank in BANKS])
        # One channel more than there are live filters: a constant, for the constants that the dead ones contribute.
        sizes = (FRONT + 1, MIDDLE, MIDDLE)
        self.middle = nn.ModuleList([nn.Conv1d(size, MIDDLE, TAPS, padding=TAPS // 2) for size in sizes])
        self.affines = nn.ModuleList([Affine(MIDDLE) for _ in sizes])
        self.last = nn.Linear(2 * POOLED, LAST)
        self.last_affine = Affine(LAST)

    def forward(self, windows: Tensor) -> Tensor:
        """(n, 128, 96) ln(1 + 10000 * mel) → (n, 456): channels averaged over time, and the last hidden layer."""
        x = (windows * self.level[0] + self.level[1]).unsqueeze(1)
        front = torch.cat([bank(x) for bank in self.banks], dim=1)
        layers = [front]
        below = torch.cat([front, torch.ones_like(front[:, :1])], dim=1)
        for i, (conv, affine) in enumerate(zip(self.middle, self.affines, strict=True)):
            y = affine(torch.relu(conv(below)))
            below = y if i == 0 else y + below
            layers.append(below)
        channels = torch.cat(layers, dim=1)
        mean, peak = channels.mean(dim=2), torch.amax(channels, dim=2)
        hidden = torch.relu(self.last(torch.cat([peak, mean], dim=1)))
        return torch.cat([mean, self.last_affine(hidden.unsqueeze(2)).squeeze(2)], dim=1)


class AudioNet(nn.Module):
    """Trunk and statistics, perceptron, heads, and the weights by which segments are pooled to a song.

    Args:
        moods: number of mood words of the auxiliary head.
        dropout: in the perceptron, while training.
    """

    mean: Tensor
    scale: Tensor
    spread_scale: Tensor

    def __init__(self, moods: int, *, dropout: float = 0.0) -> None:
        super().__init__()
        self.trunk = Trunk()
        self.register_buffer("mean", torch.zeros(FEATURES))
        self.register_buffer("scale", torch.ones(FEATURES))
        self.hidden = nn.Linear(FEATURES, _HIDDEN)
        self.embed = nn.Linear(_HIDDEN, EMBEDDING)
        self.dropout = nn.Dropout(dropout)
        self.heads = nn.ModuleDict({name: nn.Linear(EMBEDDING, size) for name, size in {**HEADS, "moods": moods}.items()})
        self.attention = nn.Linear(EMBEDDING, 1)
        #: Fitted on out-of-fold residuals, so that the predicted deviations hold what they promise.
        self.register_buffer("spread_scale", torch.ones(HEADS["spread"]))

    def forward(self, mel: Tensor, frames: Tensor | None = None) -> Tensor:
        """Embeddings of segments.

        Args:
            mel: (n, 96, t) ln(1 + 10000 * mel).
            frames: (n,) int64 valid frames of each where some are padded; ``None`` when all have t. Padding does not change the result.

        Returns:
            (n, 256), at least 0.
        """
        trunk, statistics = self.features(mel, frames)
        return self.embedding(torch.cat([trunk.mean(dim=1), statistics], dim=1))

    def features(self, mel: Tensor, frames: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """What the perceptron sees of segments, window by window: (n, 2, 456) of the trunk and (n, 384) statistics."""
        valid = torch.full((len(mel),), mel.shape[2], device=mel.device) if frames is None else frames
        short = WINDOW_FRAMES - mel.shape[2]
        long_enough = F.pad(mel, (0, short)) if short > 0 else mel
        index = window_starts(valid)[:, :, None] + torch.arange(WINDOW_FRAMES, device=mel.device)
        # (n, windows, 128, 96); what lies behind the end of a short segment is silence, which is 0 in the mel.
        windows = long_enough.transpose(1, 2)[torch.arange(len(mel), device=mel.device)[:, None, None], index]
        windows = windows * (index < valid[:, None, None]).unsqueeze(3)
        found = self.trunk(windows.flatten(0, 1))
        return found.view(len(mel), WINDOWS, -1), band_statistics(mel, frames)

    def embedding(self, features: Tensor) -> Tensor:
        """(n, 840) features of segments, their windows averaged → (n, 256) embeddings."""
        x = self.dropout((features - self.mean) * self.scale)
        hidden = self.dropout(F.gelu(self.hidden(x)))
        return torch.relu(self.embed(hidden))

    def head(self, name: str, embedding: Tensor) -> Tensor:
        """One head on (…, 256) embeddings.

        Coordinates in [0, 1] for vad, probabilities for emoji, standard deviations for spread, logits or raw values otherwise.
        Dynamic ratings come in [-1, 1] and static ones in 1-9, not clipped.
        """
        out: Tensor = self.heads[name](embedding)
        if name == "vad":
            return torch.sigmoid(out)
        if name == "emoji":
            return torch.softmax(out, dim=-1)
        if name == "spread":
            return (F.softplus(out) + _LEAST_SPREAD) * self.spread_scale
        return out

    def song(self, embeddings: Tensor, mask: Tensor | None = None) -> Tensor:
        """(…, segments, 256) → (…, 256): the weighted mean of the segments; ``mask`` (…, segments) is false where there is none."""
        logits = self.attention(embeddings).squeeze(-1)
        if mask is not None:
            logits = logits.masked_fill(~mask, float("-inf"))
        return (torch.softmax(logits, dim=-1).unsqueeze(-1) * embeddings).sum(dim=-2)


def window_starts(frames: Tensor) -> Tensor:
    """(n,) valid frames → (n, 2) first frames of the windows, centred on the quarters of the segment; 0 where it is too short."""
    centres = (torch.arange(WINDOWS, device=frames.device) * 2 + 1) * frames[:, None] // (2 * WINDOWS)
    last = torch.clamp(frames - WINDOW_FRAMES, min=0)[:, None]
    return torch.minimum(torch.clamp(centres - WINDOW_FRAMES // 2, min=0), last)


def band_statistics(mel: Tensor, frames: Tensor | None = None) -> Tensor:
    """(n, 96, t) → (n, 384): mean and deviation of each band and of its change from frame to frame, over the valid frames."""
    change = mel[:, :, 1:] - mel[:, :, :-1]
    if frames is None:
        return torch.cat([*_moments(mel, None, None), *_moments(change, None, None)], dim=1)
    place = torch.arange(mel.shape[2], device=mel.device)
    inside = (place < frames[:, None]).unsqueeze(1).to(mel.dtype)
    return torch.cat([*_moments(mel, frames, inside), *_moments(change, frames - 1, inside[:, :, 1:])], dim=1)


def _moments(x: Tensor, count: Tensor | None, mask: Tensor | None) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation over time of (n, c, t), over the positions where ``mask`` (n, 1, t) is 1."""
    if mask is None or count is None:
        mean, square = x.mean(dim=2), x.square().mean(dim=2)
    else:
        inside = x * mask
        mean, square = inside.sum(dim=2) / count[:, None], inside.square().sum(dim=2) / count[:, None]
    return mean, torch.sqrt(torch.clamp(square - mean.square(), min=0.0) + 1e-5)
