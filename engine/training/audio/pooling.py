"""Learning by which weights the segments of a song are pooled, on the frozen embeddings of the 30 s clips."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from engine.encoders.audio_net import WINDOWS, AudioNet
from engine.training.audio.fit import Corpus

_SEGMENTS = 2
_STEPS = 300
_RATE = 1e-2
_DECAY = 1e-2


def fit_attention(net: AudioNet, corpus: Corpus, clips: NDArray[np.int64]) -> tuple[float, float]:
    """Train the attention of ``net`` (in evaluation mode) on those of ``clips`` that have two segments and a class, all else frozen.

    Each window of a segment counts as a piece of its own, so that there is more to choose from than in serving.

    Returns:
        The loss with equal weights and with the learned ones.
    """
    t = corpus.targets
    classed = clips[(t.quadrant[clips] >= 0) | (t.cluster[clips] >= 0)]
    rows = [found for clip in classed if len(found := np.flatnonzero(corpus.clip == clip)) == _SEGMENTS]
    segments = np.stack(rows)
    labelled = corpus.clip[segments[:, 0]]
    with torch.no_grad():
        pieces = []
        for window in range(WINDOWS):
            weights = np.tile(np.eye(WINDOWS, dtype=np.float32)[window], (segments.size, 1))
            embedded = net.embedding(corpus.features(segments.ravel(), weights))
            pieces.append(embedded.view(*segments.shape, -1))
        embeddings = torch.cat(pieces, dim=1)
    quadrant, cluster, vad = (torch.from_numpy(values[labelled]) for values in (t.quadrant, t.cluster, t.vad))

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
