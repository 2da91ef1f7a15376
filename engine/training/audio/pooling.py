"""Learning by which weights the segments of a song are pooled, on the frozen embeddings of the 30 s clips."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from engine.encoders.audio_net import AudioNet
from engine.training.audio.fit import Corpus

#: Pieces a clip is cut into: shorter than a segment of serving, so that there is something to choose from.
_PIECES = 4
_STEPS = 300
_RATE = 1e-2
_DECAY = 1e-2


def fit_attention(net: AudioNet, corpus: Corpus, rows: NDArray[np.int64]) -> tuple[float, float]:
    """Train the attention of ``net`` (in evaluation mode) on those of ``rows`` that have a quadrant or a cluster, everything else frozen.

    Returns:
        The loss with equal weights and with the learned ones.
    """
    labelled = rows[(corpus.targets.quadrant[rows] >= 0) | (corpus.targets.cluster[rows] >= 0)]
    with torch.inference_mode():
        embeddings = torch.stack([_pieces(net, corpus, row) for row in labelled])
    embeddings = embeddings.clone()
    quadrant = torch.from_numpy(corpus.targets.quadrant[labelled])
    cluster = torch.from_numpy(corpus.targets.cluster[labelled])
    vad = torch.from_numpy(corpus.targets.vad[labelled])

    def loss() -> torch.Tensor:
        song = net.song(embeddings)
        classes = F.cross_entropy(net.head("quadrant", song), quadrant, ignore_index=-1)
        classes = classes + F.cross_entropy(net.head("cluster", song), cluster, ignore_index=-1)
        return classes + 25.0 * F.mse_loss(net.head("vad", song), vad)

    net.requires_grad_(False)
    net.attention.requires_grad_(True)
    torch.nn.init.zeros_(net.attention.weight)
    torch.nn.init.zeros_(net.attention.bias)
    before = float(loss().detach())
    optimizer = torch.optim.AdamW(net.attention.parameters(), lr=_RATE, weight_decay=_DECAY)
    for _ in range(_STEPS):
        optimizer.zero_grad()
        torch.autograd.backward(loss())
        optimizer.step()
    net.attention.requires_grad_(False)
    return before, float(loss().detach())


def _pieces(net: AudioNet, corpus: Corpus, row: int) -> torch.Tensor:
    first, count = int(corpus.first[row]), int(corpus.count[row])
    length = count // _PIECES
    mel = torch.from_numpy(corpus.frames[first : first + length * _PIECES].astype(np.float32))
    pieces: torch.Tensor = net(mel.view(_PIECES, length, -1).transpose(1, 2))
    return pieces
