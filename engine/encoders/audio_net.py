"""The audio encoder's network: log-mel frames → embedding → heads. Small enough to cost less than decoding the audio.

A one-dimensional CNN over time with the 96 bands as channels, strided early. Everything the catalogue stores comes out of the embedding by
linear heads, so scores can be made again from stored embeddings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from engine.affect import AXES, N_EMOJI
from engine.audio.mel import N_MELS

#: The heads and their sizes; mood words are added by the training data.
HEADS: dict[str, int] = {"vad": len(AXES), "emoji": N_EMOJI, "spread": 2, "dynamic": 2, "static": 2, "quadrant": 4, "cluster": 5}

#: Keeps predicted standard deviations off zero.
_LEAST_SPREAD = 1e-3


@dataclass(frozen=True)
class Stage:
    """One convolution over time: channels out, kernel, stride, and whether its input is added to its output."""

    channels: int
    kernel: int
    stride: int
    residual: bool = False


#: The shipped trunk: 16 ms frames in, one position every 256 ms out.
TRUNK: tuple[Stage, ...] = (
    Stage(128, 8, 4),
    Stage(128, 3, 1, True),
    Stage(192, 3, 2),
    Stage(192, 3, 1, True),
    Stage(256, 3, 2),
    Stage(256, 3, 1, True),
)
EMBEDDING = 256


class ConvBlock(nn.Module):
    """Convolution, batch normalisation (folded into the convolution for serving) and ReLU."""

    def __init__(self, channels_in: int, stage: Stage, folded: bool) -> None:
        super().__init__()
        self.stage = stage
        self.conv = nn.Conv1d(channels_in, stage.channels, stage.kernel, stage.stride, padding=(stage.kernel - 1) // 2)
        self.norm: nn.Module = nn.Identity() if folded else nn.BatchNorm1d(stage.channels)

    def forward(self, x: Tensor) -> Tensor:
        y = torch.relu(self.norm(self.conv(x)))
        return x + y if self.stage.residual else y

    def length(self, frames: Tensor) -> Tensor:
        """Valid positions after this block, given those before it."""
        padded = frames + 2 * ((self.stage.kernel - 1) // 2)
        return torch.div(padded - self.stage.kernel, self.stage.stride, rounding_mode="floor") + 1

    def fold(self) -> None:
        """Multiply the batch normalisation into the convolution."""
        if isinstance(self.norm, nn.BatchNorm1d):
            gain, shift = _affine(self.norm)
            self.conv.weight = nn.Parameter(self.conv.weight * gain[:, None, None])
            self.conv.bias = nn.Parameter(shift if self.conv.bias is None else self.conv.bias * gain + shift)
            self.norm = nn.Identity()


class AudioNet(nn.Module):
    """Trunk, pooling over time, embedding, heads, and the weights by which segments are pooled to a song.

    Args:
        moods: number of mood words of the auxiliary head.
        folded: build without batch normalisation, for weights in which it was folded.
        trunk: the convolutions.
    """

    mean: Tensor
    scale: Tensor
    spread_scale: Tensor

    def __init__(self, moods: int, *, folded: bool = False, trunk: Sequence[Stage] = TRUNK, dropout: float = 0.0) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(N_MELS, 1))
        self.register_buffer("scale", torch.ones(N_MELS, 1))
        channels = N_MELS
        blocks = []
        for stage in trunk:
            blocks.append(ConvBlock(channels, stage, folded))
            channels = stage.channels
        self.trunk = blocks
        self.blocks = nn.ModuleList(blocks)
        self.embed = nn.Linear(3 * channels, EMBEDDING)
        self.embed_norm: nn.Module = nn.Identity() if folded else nn.BatchNorm1d(EMBEDDING)
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
        x = (mel - self.mean) * self.scale
        mask = None
        if frames is not None:
            mask = _mask(frames, x.shape[2], x)
            x = x * mask
        for block in self.trunk:
            x = block(x)
            if frames is not None:
                frames = block.length(frames)
                mask = _mask(frames, x.shape[2], x)
                x = x * mask
        return torch.relu(self.embed_norm(self.embed(self.dropout(_pool(x, mask)))))

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
            return (nn.functional.softplus(out) + _LEAST_SPREAD) * self.spread_scale
        return out

    def song(self, embeddings: Tensor, mask: Tensor | None = None) -> Tensor:
        """(…, segments, 256) → (…, 256): the weighted mean of the segments; ``mask`` (…, segments) is false where there is none."""
        logits = self.attention(embeddings).squeeze(-1)
        if mask is not None:
            logits = logits.masked_fill(~mask, float("-inf"))
        return (torch.softmax(logits, dim=-1).unsqueeze(-1) * embeddings).sum(dim=-2)

    def fold(self) -> AudioNet:
        """Fold every batch normalisation; the network then computes what it did in evaluation mode."""
        for block in self.trunk:
            block.fold()
        if isinstance(self.embed_norm, nn.BatchNorm1d):
            gain, shift = _affine(self.embed_norm)
            self.embed.bias = nn.Parameter(self.embed.bias * gain + shift)
            self.embed.weight = nn.Parameter(self.embed.weight * gain[:, None])
            self.embed_norm = nn.Identity()
        return self.eval()


def _affine(norm: nn.BatchNorm1d) -> tuple[Tensor, Tensor]:
    """Gain and shift of a batch normalisation in evaluation mode.

    Raises:
        ValueError: when it keeps no running statistics.
    """
    if norm.running_mean is None or norm.running_var is None:
        raise ValueError("only a batch normalisation with running statistics can be folded")
    gain = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    return gain, norm.bias - norm.running_mean * gain


def _mask(frames: Tensor, length: int, like: Tensor) -> Tensor:
    """(n, 1, length) 1 where a position is valid."""
    return (torch.arange(length, device=like.device) < frames[:, None]).unsqueeze(1).to(like.dtype)


def _pool(x: Tensor, mask: Tensor | None) -> Tensor:
    """(n, c, t) non-negative, 0 where masked → (n, 3c): mean, standard deviation and maximum over the valid positions."""
    if mask is None:
        mean = x.mean(dim=2)
        square = x.square().mean(dim=2)
    else:
        count = mask.sum(dim=2)
        mean = x.sum(dim=2) / count
        square = x.square().sum(dim=2) / count
    deviation = torch.sqrt(torch.clamp(square - mean.square(), min=0.0) + 1e-5)
    return torch.cat([mean, deviation, torch.amax(x, dim=2)], dim=1)
