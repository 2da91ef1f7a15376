"""What the choice of maps and weights may look at: development comments, mood words, emoji pairs of our own, out-of-fold scores."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.affect import FloatArray
from engine.encoders.emoji import load_emoji_encoder
from engine.encoders.message import MessageEncoder
from engine.encoders.text import load_text_encoder
from engine.ranking import PAGE, TURNS, rank
from engine.training.calibration.fit import RawSample
from engine.training.evaluation.cross_modal import LabelledSongs, Space, development_queries, labelled_songs
from engine.training.evaluation.oof import OofScores
from engine.training.evaluation.retrieval import coverage_figures, read_queries

#: Emoji Sentiment Ranking's advice: leave out emoji seen fewer times.
_MIN_OCCURRENCES = 5
#: Emoji pairs for development, none of them among the fixed queries.
_EMOJI_QUERIES = {
    "Q1": ("🥳🎊", "😁🎶", "🕺✨", "😆🙌", "☀️🏖️", "🎉😍"),
    "Q2": ("🤬🔥", "😠💢", "👿⚡", "😨🔪", "👊💣", "😰🚨"),
    "Q3": ("😭💔", "😪🥀", "😞🌧️", "😿🖤", "😔🕯️", "🥺😢"),
    "Q4": ("😌🌿", "🛌💤", "🍵🌤️", "🤗💛", "🌅😊", "🧘🕊️"),
}


@dataclass(frozen=True, eq=False)
class Starter:
    """The starter's songs as rows of the out-of-fold arrays, for X5 during the search."""

    rows: NDArray[np.int64]
    segment_rows: NDArray[np.int64]
    segment_song: NDArray[np.int64]
    artists: list[str]

    @classmethod
    def read(cls, data: Path, oof: OofScores) -> Starter:
        """DEAM's songs, their clips and the extra cuts."""
        with (data / "folds.csv").open(encoding="utf-8", newline="") as file:
            artists = {r["clip"]: r["artist_normalised"] for r in csv.DictReader(file) if r["set"] == "deam"}
        rows = oof.rows(of="deam")
        position = {str(clip): i for i, clip in enumerate(oof.clip[rows])}
        extra = oof.rows(of="deam-extra")
        songs = [position[str(clip).split("_")[0]] for clip in oof.clip[extra]]
        segment_song = np.concatenate([np.arange(len(rows)), songs]).astype(np.int64)
        return cls(rows, np.concatenate([rows, extra]), segment_song, [artists[str(c)] for c in oof.clip[rows]])

    def coverage(self, space: Space, oof: OofScores, queries: FloatArray) -> dict[str, float]:
        """X5's figures for (q, 65) queries."""
        order = rank(
            queries,
            space.audio_vectors(oof, self.rows),
            space.audio_vectors(oof, self.segment_rows),
            self.segment_song,
            space.alpha,
            self.artists,
            depth=PAGE,
            turns=TURNS,
        )
        return coverage_figures(order[:, :PAGE], len(self.rows))


@dataclass(frozen=True, eq=False)
class Development:
    """All that the search looks at."""

    oof: OofScores
    sets: dict[str, LabelledSongs]
    starter: Starter
    comments: RawSample
    emoji_table: RawSample
    words: dict[str, tuple[RawSample, list[str]]]
    emoji_queries: tuple[RawSample, list[str]]

    @classmethod
    def read(cls, data: Path, oof: OofScores) -> Development:
        """Score the development texts and emoji with the shipped encoders."""
        text = load_text_encoder()
        emoji = load_emoji_encoder(text)
        message = MessageEncoder(text, emoji)
        excluded = {q.text.lower() for q in read_queries(data / "queries" / "retrieval.csv")}
        sets = {"4Q": labelled_songs(data, oof, "mer4q"), "MIREX-like": labelled_songs(data, oof, "mirex")}
        words = {}
        for name, songs in sets.items():
            queries = development_queries(songs, excluded)
            words[name] = (RawSample.of(text.encode_raw([word for word, _ in queries])), [want for _, want in queries])
        pairs = [(want, pair) for want, pairs in _EMOJI_QUERIES.items() for pair in pairs]
        return cls(
            oof=oof,
            sets=sets,
            starter=Starter.read(data, oof),
            comments=RawSample.of(text.encode_raw(development_comments(data))),
            emoji_table=RawSample.of(emoji.encode_raw(rated_emoji(data))),
            words=words,
            emoji_queries=(RawSample.of([message.encode(pair).raw for _, pair in pairs]), [want for want, _ in pairs]),
        )

    def audio_sample(self) -> RawSample:
        """Out-of-fold scores of every labelled song."""
        rows = np.concatenate([self.oof.rows(of=name) for name in ("deam", "mer4q", "mirex")])
        return RawSample(self.oof.vad[rows], self.oof.emoji[rows])


def development_comments(data: Path) -> list[str]:
    """The 5,426 comments of GoEmotions' dev split."""
    lines = (data / "text" / "goemotions" / "dev.tsv").read_text(encoding="utf-8").splitlines()
    return [line.split("\t")[0] for line in lines if line]


def rated_emoji(data: Path) -> list[str]:
    """Every emoji of the Emoji Sentiment Ranking that was seen often enough, each once: what members type, not how often."""
    with (data / "emoji" / "emoji_sentiment_ranking.csv").open(encoding="utf-8", newline="") as file:
        return [row["Emoji"] for row in csv.DictReader(file) if int(row["Occurrences"]) >= _MIN_OCCURRENCES]
