"""``python -m engine.training.calibration``: fit, choose, write calibration.json and match.json, print what was seen."""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.calibration import ModalityMap, save_maps
from engine.encoders.weights_io import CALIBRATION, WEIGHTS, write_manifest
from engine.errors import DataError
from engine.settings import data_dir
from engine.training.calibration.development import Development
from engine.training.calibration.fit import fit_match, modality_map, uniform_axes
from engine.training.evaluation.cross_modal import Space
from engine.training.evaluation.oof import PATH, load_oof
from engine.training.evaluation.retrieval import retrieval_figures

#: Grid: weight of VAD, weight of the whole song, power of the emoji prior, mean entropy of the emoji part in nats (at most ln 62 = 4.13).
_W = (0.5, 0.8, 0.9, 0.95, 0.97)
_ALPHA = (0.3, 0.5, 0.8)
_POWER = (1.0,)
_ENTROPY = (3.3, 3.7)
#: X5's bounds, applied to development comments.
_MIN_COVERAGE, _MAX_SHARE = 0.7, 0.04


@dataclass(frozen=True, eq=False)
class Candidate:
    """One point of the grid with its figures on development data."""

    maps: dict[str, ModalityMap]
    space: Space
    power: float
    entropy: float
    figures: dict[str, float]

    @property
    def score(self) -> float:
        """Mean of the three precisions: mood words on both sets, emoji pairs on 4Q."""
        return float(np.mean(list(self.figures.values())))

    def coverage(self, development: Development) -> dict[str, float]:
        """X5's figures on every second development comment and, in X5's proportion, rated emoji."""
        comments = development.comments.vectors(self.maps["text"], self.space.w)[::2]
        emoji = development.emoji_table.vectors(self.maps["emoji"], self.space.w)[::2]
        return development.starter.coverage(self.space, development.oof, np.concatenate([comments, emoji]))


def candidates(development: Development) -> Iterator[Candidate]:
    """Every point of the grid, measured."""
    audio = development.audio_sample()
    samples = {"text": development.comments, "emoji": development.emoji_table, "audio": audio}
    axes = {name: uniform_axes(sample.vad) for name, sample in samples.items()}
    for power, entropy in itertools.product(_POWER, _ENTROPY):
        maps = {name: modality_map(sample, axes[name], power, entropy) for name, sample in samples.items()}
        for w, alpha in itertools.product(_W, _ALPHA):
            space = Space(maps["audio"], w, alpha)
            yield Candidate(maps, space, power, entropy, precisions(development, maps, space))


def precisions(development: Development, maps: dict[str, ModalityMap], space: Space) -> dict[str, float]:
    """P@10 of the development queries: mood words on each set, emoji pairs on 4Q."""
    asked = [(name, "text", *queries) for name, queries in development.words.items()] + [("4Q", "emoji", *development.emoji_queries)]
    figures = {}
    for name, modality, sample, wanted in asked:
        songs = development.sets[name]
        order = space.order(development.oof, songs, sample.vectors(maps[modality], space.w))
        figures[f"{name} {modality} P@10"] = retrieval_figures(order, wanted, songs.labels)["P@10"]
    return figures


def choose(development: Development) -> tuple[Candidate, dict[str, float]]:
    """The best point of the grid that keeps X5's bounds on development comments, and its coverage; prints what was seen.

    Raises:
        DataError: when no point keeps them.
    """
    ranked = sorted(candidates(development), key=lambda c: c.score, reverse=True)
    print("w     alpha power entropy | precisions")
    for c in [*ranked[:12], *ranked[-3:]]:
        shown = ", ".join(f"{name} {value:.3f}" for name, value in c.figures.items())
        print(f"{c.space.w:.2f}  {c.space.alpha:.1f}   {c.power:.1f}   {c.entropy:.1f}     | {shown}", flush=True)
    for c in ranked:
        coverage = c.coverage(development)
        print(f"w {c.space.w} alpha {c.space.alpha} power {c.power} entropy {c.entropy}: {coverage}", flush=True)
        if coverage["songs that appear"] >= _MIN_COVERAGE and coverage["largest share of pages"] <= _MAX_SHARE:
            return c, coverage
    raise DataError("no weights keep the catalogue evenly used", "look at the printed figures and widen the grid")


def match_probability(development: Development, chosen: Candidate) -> tuple[float, float]:
    """Slope and intercept of the match, fitted on development words and emoji, weighing alike, against the songs of 4Q."""
    songs = development.sets["4Q"]
    distances, right = [], []
    words, emoji = development.words["4Q"], development.emoji_queries
    times = max(1, len(words[1]) // len(emoji[1]))
    for (sample, wanted), modality in [(words, "text")] + [(emoji, "emoji")] * times:
        found = chosen.space.distances(development.oof, songs, sample.vectors(chosen.maps[modality], chosen.space.w))
        distances.append(found.ravel())
        right.append((np.asarray(wanted)[:, None] == np.asarray(songs.labels)[None]).ravel())
    return fit_match(np.concatenate(distances), np.concatenate(right))


def main(oof_path: Path = PATH) -> None:
    """Run the search and write what it chose."""
    development = Development.read(data_dir(), load_oof(oof_path))
    chosen, _ = choose(development)
    slope, intercept = match_probability(development, chosen)
    save_maps(chosen.maps, WEIGHTS / CALIBRATION)
    match = {"w": chosen.space.w, "alpha": chosen.space.alpha, "slope": round(slope, 4), "intercept": round(intercept, 4)}
    (WEIGHTS / "match.json").write_text(json.dumps(match, indent=1) + "\n", encoding="utf-8")
    write_manifest([CALIBRATION, "match.json"])
    print(f"chosen: {match}, prior power {chosen.power}, entropy {chosen.entropy}")


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:2]))
