"""What is read off the pooled sentence vector: emotions, EmoBank ratings, moods, tweet emoji, and from them one VAD point and 62 emoji."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from engine.affect import EMOTIONS, N_EMOJI

#: Emotion probabilities are raised to this power before the expected reference point is taken: the plain expectation huddles in the middle
#: (T2 0.575 / 0.349 with a one-epoch model, evaluation.md). With ours on GoEmotions dev: power 4 0.698 / 0.647, power 8 0.712 / 0.662,
#: power 16 0.717 / 0.668, arg-max 0.721 / 0.677; 8 keeps more than it costs of the in-between.
SHARPNESS = 8.0

N_EMOTIONS = len(EMOTIONS)
N_TWEET_EMOJI = 20
_HIDDEN = 128


@dataclass(frozen=True)
class HeadOutput:
    """All (n, …) float32 tensors.

    Attributes:
        emotions: (n, 28) independent probabilities, columns as :data:`engine.affect.EMOTIONS`.
        ratings: (n, 3) standardised EmoBank ratings.
        moods: (n, 3) VAD in [-1, 1] as our own lines rate it (not clipped).
        tweets: (n, 20) logits of TweetEval's emoji.
        vad: (n, 3) in [0, 1], NRC units.
        emoji: (n, 62) on the simplex.
    """

    emotions: Tensor
    ratings: Tensor
    moods: Tensor
    tweets: Tensor
    vad: Tensor
    emoji: Tensor


class TextHeads(nn.Module):
    """Pooled sentence vectors → :class:`HeadOutput`.

    The VAD point is the expected reference point under the sharpened emotions, moved by a small network that sees the vector, the emotions,
    the ratings, the moods and how loud the message is typed.

    Args:
        width: size of the sentence vector.
    """

    references: Tensor

    def __init__(self, width: int = 384) -> None:
        super().__init__()
        self.emotions = nn.Linear(width, N_EMOTIONS)
        self.ratings = nn.Linear(width, 3)
        self.moods = nn.Linear(width, 3)
        self.tweets = nn.Linear(width, N_TWEET_EMOJI)
        self.emoji = nn.Linear(width + N_EMOTIONS + 3, N_EMOJI)
        self.inner = nn.Linear(width + N_EMOTIONS + 6, _HIDDEN)
        self.outer = nn.Linear(_HIDDEN, 3)
        self.loud = nn.Parameter(torch.zeros(3))
        self.register_buffer("references", torch.tensor(list(EMOTIONS.values()), dtype=torch.float32), persistent=False)

    def forward(self, pooled: Tensor, loud: Tensor) -> HeadOutput:
        """Read everything off.

        Args:
            pooled: (n, width) float32 mean-pooled hidden states.
            loud: (n,) float32 in [0, 1], see :func:`engine.encoders.wording.loudness`.
        """
        logits = self.emotions(pooled)
        ratings, moods = self.ratings(pooled), self.moods(pooled)
        probabilities = logits.sigmoid()
        vad = self.point(pooled, logits, ratings, moods, loud)
        emoji = self.emoji(torch.cat([pooled, logits / 4.0, 4.0 * (vad - 0.5)], dim=1)).softmax(1)
        return HeadOutput(probabilities, ratings, moods, self.tweets(pooled), vad, emoji)

    def expected(self, logits: Tensor) -> Tensor:
        """(n, 3): the mean reference point under the sharpened, normalised emotion probabilities."""
        sharp = (SHARPNESS * nn.functional.logsigmoid(logits)).softmax(1)
        return sharp @ self.references

    def point(self, pooled: Tensor, logits: Tensor, ratings: Tensor, moods: Tensor, loud: Tensor) -> Tensor:
        """(n, 3) VAD in [0, 1]; gains of loudness push valence and dominance away from the middle and arousal up."""
        seen = torch.cat([pooled, logits / 4.0, ratings, moods], dim=1)
        base: Tensor = (self.expected(logits) + self.outer(nn.functional.gelu(self.inner(seen)))).clamp(0.0, 1.0)
        push = torch.stack([base[:, 0] - 0.5, torch.ones_like(loud), base[:, 2] - 0.5], dim=1)
        pushed: Tensor = (base + self.loud * loud[:, None] * push).clamp(0.0, 1.0)
        return pushed
