"""From a tuned trunk to the shipped file: vectors of every source once, the VAD network and the emoji head, half-precision layers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor

from engine.affect import EMOJI_INDEX, N_EMOJI, FloatArray
from engine.encoders.text import FILE, TunedTextEncoder
from engine.encoders.text_heads import TextHeads
from engine.encoders.weights_io import WEIGHTS, write_manifest
from engine.training.text import datasets
from engine.training.text.affinity import affinity
from engine.training.text.fit_heads import HeadPlan, Vectors, emoji_targets, fit_emoji, fit_vad
from engine.training.text.trunk import Trunk

#: Gains of loudness on valence, arousal and dominance: a message shouted in full with three marks and stretched letters moves 30 % further
#: from the middle in valence and dominance and gains 0.12 of arousal. Set by hand, no labelled data grades typed loudness.
LOUD_GAINS = (0.3, 0.12, 0.3)


def heads_of(trunk: Trunk) -> TextHeads:
    """Serving heads that take over the trunk's linear heads; VAD network and emoji head are still to be fitted."""
    heads = TextHeads(trunk.backbone.shape.width)
    for name in ("emotions", "ratings", "moods", "tweets"):
        getattr(heads, name).load_state_dict(getattr(trunk, name).state_dict())
    with torch.no_grad():
        heads.loud.copy_(torch.tensor(LOUD_GAINS))
    return heads.eval()


def vectors(encoder: TunedTextEncoder, texts: Sequence[str], target: FloatArray) -> Vectors:
    """Pooled vectors, loudness and targets of labelled texts."""
    pooled, loud = encoder.pooled(texts, fast=True)
    return Vectors(pooled.clone(), loud, torch.from_numpy(np.asarray(target, dtype=np.float32)))


def tweet_targets(labels: np.ndarray) -> FloatArray:
    """(n, 62) float32: one-hot for authors who used one of the 62 emoji, zeros for the six emoji that are not among them."""
    rows = np.zeros((len(labels), N_EMOJI), dtype=np.float32)
    place = datasets.tweeteval_emoji()[labels]
    known = np.flatnonzero(place >= 0)
    rows[known, place[known]] = 1.0
    return rows


def assemble(trunk: Trunk, plan: HeadPlan, cache: Path | None = None, moods: datasets.Moods | None = None) -> TunedTextEncoder:
    """Fit what is not linear and return the encoder.

    Args:
        trunk: tuned.
        plan: of the VAD fit.
        cache: a file the vectors are kept in, so that another plan costs no forward pass; it must be of this very trunk.
        moods: default the training part of moods.csv.
    """
    heads = heads_of(trunk)
    with torch.no_grad():  # what is served is what is fitted on: the layers as half precision will store them
        for parameter in trunk.backbone.layers.parameters():
            parameter.copy_(parameter.half().float())
    encoder = TunedTextEncoder(trunk.backbone.eval(), heads, "unsaved")
    sources = _sources(encoder, cache, moods or datasets.moods("train"))
    fit_vad(heads, sources["goemotions"], sources["emobank"], sources["moods"], plan)
    likely = affinity()
    chosen = sources["tweets"].target
    tweets, mood_lines, mood_emoji = sources["tweets"], sources["moods"], sources["mood_emoji"].target
    with torch.inference_mode():
        guessed = [heads.emotions(v.pooled).sigmoid().pow(2) for v in (tweets, mood_lines)]
    targets: list[tuple[Vectors, float]] = [
        (_with(sources["goemotions"], emoji_targets(sources["goemotions"].target, likely)), 1.0),
        (_with(tweets, emoji_targets(guessed[0], likely, chosen, 0.7)), 0.7),
    ]
    if len(mood_lines.pooled):
        targets.append((_with(mood_lines, emoji_targets(guessed[1], likely, mood_emoji, 0.85)), 0.7))
    fit_emoji(heads, targets)
    return encoder


def _with(source: Vectors, target: Tensor) -> Vectors:
    return Vectors(source.pooled, source.loud, target.clone())


def _sources(encoder: TunedTextEncoder, cache: Path | None, lines: datasets.Moods) -> dict[str, Vectors]:
    if cache is not None and cache.exists():
        saved = torch.load(cache, weights_only=True)
        return {name: Vectors(*parts) for name, parts in saved.items()}
    emotions, ratings, tweets = datasets.goemotions("train"), datasets.emobank("train"), datasets.tweeteval("train")
    some = np.random.default_rng(3).permutation(len(tweets.texts))[:12000]
    made = {
        "goemotions": vectors(encoder, emotions.texts, emotions.labels),
        "emobank": vectors(encoder, ratings.texts, ratings.vad),
        "tweets": vectors(encoder, [tweets.texts[i] for i in some], tweet_targets(tweets.labels[some])),
        "moods": vectors(encoder, lines.texts, lines.vad),
    }
    made["mood_emoji"] = Vectors(made["moods"].pooled, made["moods"].loud, torch.from_numpy(lines.emoji))
    if cache is not None:
        torch.save({name: (v.pooled, v.loud, v.target) for name, v in made.items()}, cache)
    return made


def save(encoder: TunedTextEncoder, root: Path = WEIGHTS) -> Path:
    """Write the encoder's file under ``root`` and its hash into the manifest."""
    tensors = {f"layers.{name}": t.to(torch.float16).contiguous() for name, t in encoder.backbone.layers.state_dict().items()}
    tensors.update({f"heads.{name}": t.to(torch.float32).contiguous() for name, t in encoder.heads.state_dict().items()})
    path = root / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, path)
    write_manifest([FILE], root)
    return path


#: A class the emoji head was trained on with authors' own choices, by emoji; the rest are inferred.
def trained_emoji() -> list[str]:
    """The 14 of the 62 emoji that TweetEval's authors chose."""
    names = {index: symbol for symbol, index in EMOJI_INDEX.items()}
    return [names[int(i)] for i in datasets.tweeteval_emoji() if i >= 0]
