"""From a tuned trunk to the shipped file: vectors of every source once, the VAD network and the emoji head, half-precision layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor

from engine.affect import EMOJI_INDEX, N_EMOJI, FloatArray
from engine.encoders.text import FILE, HeadedTextEncoder, TunedTextEncoder
from engine.encoders.text_heads import TextHeads
from engine.encoders.weights_io import WEIGHTS, write_manifest
from engine.training.text import datasets
from engine.training.text.affinity import affinity
from engine.training.text.fit_heads import HeadPlan, Vectors, emoji_targets, fit_emoji, fit_vad
from engine.training.text.trunk import Trunk

#: Gains of loudness on valence, arousal and dominance: a message shouted in full with three marks and stretched letters moves 30 % further
#: from the middle in valence and dominance and gains 0.12 of arousal. Set by hand, no labelled data grades typed loudness.
LOUD_GAINS = (0.3, 0.12, 0.3)

#: Rows of the large sources the small heads are fitted on; more changes nothing but the time.
ROWS: Mapping[str, int] = MappingProxyType({"goemotions": 14000, "tweets": 5000})


def heads_of(trunk: Trunk) -> TextHeads:
    """Serving heads that take over the trunk's linear heads; VAD network and emoji head are still to be fitted."""
    heads = TextHeads(trunk.backbone.shape.width)
    for name in ("emotions", "ratings", "moods", "tweets"):
        getattr(heads, name).load_state_dict(getattr(trunk, name).state_dict())
    with torch.no_grad():
        heads.loud.copy_(torch.tensor(LOUD_GAINS))
    return heads.eval()


def vectors(encoder: HeadedTextEncoder, texts: Sequence[str], target: FloatArray) -> Vectors:
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


def assemble(trunk: Trunk, plan: HeadPlan, cache: Path | None = None, rows: Mapping[str, int] = ROWS) -> TunedTextEncoder:
    """Fit what is not linear and return the encoder.

    Args:
        trunk: tuned.
        plan: of the VAD fit.
        cache: a file the vectors are kept in, so that another plan costs no forward pass; it must be of this very trunk.
        rows: how many rows of a source are used.
    """
    heads = heads_of(trunk)
    with torch.no_grad():  # what is served is what is fitted on: the layers as half precision will store them
        for parameter in trunk.backbone.layers.parameters():
            parameter.copy_(parameter.half().float())
    encoder = TunedTextEncoder(trunk.backbone.eval(), heads, "unsaved")
    finish(heads, gather(encoder, cache, rows), plan)
    return encoder


def finish(heads: TextHeads, sources: Mapping[str, Vectors], plan: HeadPlan) -> None:
    """Fit the VAD network and the emoji head in place, the linear heads being there.

    Args:
        heads: to be finished.
        sources: as :func:`gather` makes them.
        plan: of the VAD fit.
    """
    fit_vad(heads, sources["goemotions"], sources["emobank"], sources["moods"], plan)
    likely = affinity()
    emotions, tweets, lines = sources["goemotions"], sources["tweets"], sources["moods"]
    with torch.inference_mode():
        guessed = [heads.emotions(v.pooled).sigmoid().square() for v in (tweets, lines)]
    fit_emoji(
        heads,
        [
            (_with(emotions, emoji_targets(emotions.target, likely)), 1.0),
            (_with(tweets, emoji_targets(guessed[0], likely, tweets.target, 0.7)), 0.7),
            (_with(lines, emoji_targets(guessed[1], likely, sources["mood_emoji"].target, 0.85)), 0.7),
        ],
    )


def _with(source: Vectors, target: Tensor) -> Vectors:
    return Vectors(source.pooled, source.loud, target.clone())


def gather(encoder: HeadedTextEncoder, cache: Path | None = None, rows: Mapping[str, int] = ROWS) -> dict[str, Vectors]:
    """Vectors of the training splits: goemotions (28 labels), emobank (3 ratings), tweets (62 emoji, zeros for the six that are none of
    them), tweet_labels (1 of 20), moods (3) and mood_emoji (62).

    Args:
        encoder: whose vectors.
        cache: a file to keep them in, or to take them from.
        rows: how many rows of a source, drawn with a fixed seed; all of a source that is not named.
    """
    if cache is not None and cache.exists():
        return {name: Vectors(*parts) for name, parts in torch.load(cache, weights_only=True).items()}
    emotions, ratings, tweets, lines = (
        datasets.goemotions("train"),
        datasets.emobank("train"),
        datasets.tweeteval("train"),
        datasets.moods("train"),
    )
    draw = np.random.default_rng(3)
    some = {
        name: draw.permutation(len(texts))[: rows.get(name)]
        for name, texts in (("goemotions", emotions.texts), ("emobank", ratings.texts), ("tweets", tweets.texts), ("moods", lines.texts))
    }
    made = {
        "goemotions": vectors(encoder, [emotions.texts[i] for i in some["goemotions"]], emotions.labels[some["goemotions"]]),
        "emobank": vectors(encoder, [ratings.texts[i] for i in some["emobank"]], ratings.vad[some["emobank"]]),
        "tweets": vectors(encoder, [tweets.texts[i] for i in some["tweets"]], tweet_targets(tweets.labels[some["tweets"]])),
        "moods": vectors(encoder, [lines.texts[i] for i in some["moods"]], lines.vad[some["moods"]]),
    }
    made["mood_emoji"] = Vectors(made["moods"].pooled, made["moods"].loud, torch.from_numpy(lines.emoji[some["moods"]]))
    labels = torch.from_numpy(tweets.labels[some["tweets"], None].astype(np.float32))
    made["tweet_labels"] = Vectors(made["tweets"].pooled, made["tweets"].loud, labels)
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
