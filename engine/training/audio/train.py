"""Train the audio encoder: five fold models, their out-of-fold predictions, and the model that ships.

``python -m engine.training.audio.train --musicnn checkpoint.npz``.

Every step is kept in the cache and a stopped run goes on where it was. Folds may be trained by several processes at once (``--only 0 2``);
the process that finds all of them done writes the predictions, the weights and the model card.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from engine.affect import EMOJI, FloatArray
from engine.encoders.audio_net import Trunk
from engine.encoders.emoji import load_emoji_encoder
from engine.encoders.text import load_text_encoder
from engine.settings import data_dir, settings
from engine.training.audio.datasets import N_FOLDS, Clip, load_clips
from engine.training.audio.features import load_mels
from engine.training.audio.fit import Corpus, Recipe, fit
from engine.training.audio.musicnn import MusiCNN, from_tensorflow, live_trunk
from engine.training.audio.oof import predict_fold
from engine.training.audio.pooling import fit_attention
from engine.training.audio.probes import SOFT_SIZE, patch_features, soft_targets
from engine.training.audio.publish import load_state, publish, save_state
from engine.training.audio.segments import load_segments
from engine.training.audio.targets import build_targets, spread_words
from engine.training.audio.teacher import load_teacher
from engine.training.evaluation.oof import PATH as OOF_PATH

#: The model trained on every clip, beside the folds 0-4.
FULL = "full"


@dataclass(frozen=True, eq=False)
class Workshop:
    """What all the models are trained on; the soft targets of ``corpus`` are filled in for each."""

    clips: Sequence[Clip]
    corpus: Corpus
    start_s: FloatArray
    cache: Path


def prepare(data: Path, cache: Path, musicnn: Path | None) -> Workshop:
    """Decode, extract the features of teacher and trunk, and build the targets, each once.

    Args:
        data: the folder of labelled data.
        cache: where everything that takes long is kept.
        musicnn: an .npz of the variables of MusiCNN's TensorFlow checkpoint by name; needed until its features are in the cache.
    """
    clips = load_clips(data)
    mels = load_mels(clips, cache)
    teacher = load_teacher(clips, mels, cache, None if musicnn is None else read_musicnn(musicnn, torch.bfloat16))
    segments = load_segments(clips, mels, cache, None if musicnn is None else shipped_trunk(musicnn))
    words, emoji = _points(clips, cache)
    pooled = np.stack([patch.mean(axis=0) for patch in patch_features(teacher, clips)])
    corpus = Corpus(
        segments.trunk.astype(np.float32), segments.statistics, segments.clip, build_targets(clips, spread_words(words), emoji),
        teacher=(pooled - pooled.mean(axis=0)) / pooled.std(axis=0), soft=np.zeros((len(clips), SOFT_SIZE), dtype=np.float32),
    )  # fmt: skip
    return Workshop(clips, corpus, segments.start_s, cache)


def read_musicnn(path: Path, front_dtype: torch.dtype = torch.float32) -> MusiCNN:
    """MusiCNN from an .npz of its TensorFlow variables."""
    with np.load(path) as variables:
        return from_tensorflow(dict(variables), front_dtype)


def shipped_trunk(musicnn: Path) -> Trunk:
    """The trunk as it is shipped, rounded to half precision."""
    return live_trunk(read_musicnn(musicnn)).half().float()


def _points(clips: Sequence[Clip], cache: Path) -> tuple[dict[str, FloatArray], FloatArray]:
    """VAD of the mood words by the text encoder and (62, 3) of the emoji by the emoji encoder, asked once so that all folds share them."""
    path = cache / "words.npz"
    if not path.exists():
        text = load_text_encoder()
        words = sorted({word for clip in clips for word in clip.moods})
        vad = np.stack([affect.vad for affect in text.encode_raw(words)])
        emoji = np.stack([affect.vad for affect in load_emoji_encoder(text).encode_raw(EMOJI)])
        np.savez(path, words=np.array(words), vad=vad, emoji=emoji, versions=np.array([text.version]))
    with np.load(path) as found:
        return dict(zip(found["words"].tolist(), found["vad"], strict=True)), found["emoji"]


def train_one(shop: Workshop, name: str, recipe: Recipe) -> Path:
    """Train the model of fold ``name`` ("0" to "4": all clips but that fold's) or :data:`FULL` on every clip; the path of its weights."""
    folder = shop.cache / "models"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.pt"
    if path.exists():
        return path
    held_out = None if name == FULL else int(name)
    targets = shop.corpus.targets
    clips = np.flatnonzero(np.ones(len(shop.clips), dtype=bool) if held_out is None else targets.fold != held_out)
    corpus = replace(shop.corpus, soft=soft_targets(shop.corpus.teacher, targets, held_out))
    net = fit(corpus, clips, recipe)
    equal, learned = fit_attention(net, corpus, clips)
    print(f"{name}: trained; pooling, loss {equal:.3f} with equal weights, {learned:.3f} learned", file=sys.stderr, flush=True)
    save_state(net, path)
    return path


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m engine.training.audio.train", description=__doc__)
    parser.add_argument("--musicnn", type=Path, required=True, help="npz of MusiCNN's variables by their TensorFlow names")
    parser.add_argument(
        "--cache", type=Path, default=settings().home / "training" / "audio", help="where features and checkpoints are kept"
    )
    parser.add_argument("--only", nargs="*", default=[*map(str, range(N_FOLDS)), FULL], help="models to train in this process")
    parser.add_argument("--epochs", type=int, default=Recipe.epochs)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    chosen = parser.parse_args(arguments)
    torch.set_num_threads(chosen.threads)
    recipe = Recipe(epochs=chosen.epochs, seed=chosen.seed)
    shop = prepare(data_dir(), chosen.cache, chosen.musicnn)
    for name in chosen.only:
        train_one(shop, name, recipe)
    models = {name: shop.cache / "models" / f"{name}.pt" for name in [*map(str, range(N_FOLDS)), FULL]}
    if all(path.exists() for path in models.values()):
        words = shop.corpus.targets.words
        folds = [load_state(models[str(fold)], words) for fold in range(N_FOLDS)]
        parts = [predict_fold(net, shop.clips, shop.corpus, shop.start_s, fold) for fold, net in enumerate(folds)]
        full = load_state(models[FULL], words)
        full.trunk = shipped_trunk(chosen.musicnn)
        figures = publish(parts, full, shop.clips, shop.corpus.targets, recipe, OOF_PATH)
        for figure, value in figures.items():
            print(f"{figure}: {value:.3f}")


if __name__ == "__main__":
    main()
