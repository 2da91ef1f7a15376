"""``python -m engine.training.starter``: make the starter catalogue from DEAM's facts and the out-of-fold scores. No audio, no labels."""

from __future__ import annotations

import csv
import html
import sys
from pathlib import Path
from urllib.parse import quote_plus

import numpy as np
from numpy.typing import NDArray

from engine.encoders.base import AudioScore
from engine.scoring import ScoredRecording
from engine.settings import data_dir
from engine.starter import StarterItem, save_starter
from engine.training.evaluation.oof import PATH, OofScores, load_oof

#: Every DEAM cut here is this long; the clip itself holds seconds 30 to 40 of the excerpt.
_CUT_S = 10.0
_CLIP_START_S = 30.0
_SEARCH = "https://www.youtube.com/results?search_query="


def make_starter(data: Path, oof: OofScores) -> list[StarterItem]:
    """One item a DEAM song: facts from its labels.csv, scores from the fold model that did not see its artist.

    Args:
        data: folder of the labelled data.
        oof: out-of-fold predictions.
    """
    cuts: dict[str, list[int]] = {str(oof.clip[row]): [int(row)] for row in oof.rows(of="deam")}
    for row in oof.rows(of="deam-extra"):
        cuts[str(oof.clip[row]).split("_")[0]].append(int(row))
    with (data / "deam" / "labels.csv").open(encoding="utf-8", newline="") as file:
        facts = {row["song_id"]: row for row in csv.DictReader(file)}
    return [_item(facts[song], _scored(oof, np.asarray(rows))) for song, rows in sorted(cuts.items(), key=lambda c: int(c[0]))]


def _item(facts: dict[str, str], scored: ScoredRecording) -> StarterItem:
    title, artist = _clean(facts["title"]), _clean(facts["artist"])
    return StarterItem(f"deam:{facts['song_id']}", title, artist, _clean(facts["genre"]), _SEARCH + quote_plus(f"{artist} {title}"), scored)


def _clean(text: str) -> str:
    """DEAM's table has HTML entities and runs of blanks in its names."""
    return " ".join(html.unescape(text).split())


def _scored(oof: OofScores, rows: NDArray[np.int64]) -> ScoredRecording:
    starts = np.where(oof.set[rows] == "deam", _CLIP_START_S, oof.start_s[rows]).astype(np.float32)
    order = np.argsort(starts, kind="stable")
    rows, starts = rows[order], starts[order]
    segments = AudioScore(oof.vad[rows], oof.emoji[rows], oof.embedding[rows], oof.uncertainty[rows])
    return ScoredRecording(
        duration_s=float(starts[-1] + _CUT_S),
        fingerprint=np.empty(0, dtype=np.uint32),
        model_version=oof.version,
        # the shipped model's pooling cannot read the fold models' embeddings, so a song with extra cuts is the mean of its cuts
        song_vad=segments.vad.mean(axis=0),
        song_emoji=segments.emoji.mean(axis=0),
        starts=starts,
        ends=starts + np.float32(_CUT_S),
        segments=segments,
    )


def main(oof_path: Path = PATH) -> None:
    """Write indexes/starter."""
    items = make_starter(data_dir(), load_oof(oof_path))
    save_starter(items)
    print(f"{len(items)} songs, {sum(len(item.scored.starts) for item in items)} segments")


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:2]))
