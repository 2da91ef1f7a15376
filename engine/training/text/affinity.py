"""Which of the 62 emoji belong to which emotion: the inferred targets, where no author's choice is known.

Half of the affinity is measured (EmoTag1200's ratings of the emoji on Plutchik's eight emotions, Shoeb and de Melo, 2020, against the same
eight emotions' share in each GoEmotions category), half is our own short list of the emoji people write with each feeling.
"""

from __future__ import annotations

import csv

import numpy as np

from engine.affect import EMOJI, EMOJI_INDEX, EMOTIONS, N_EMOJI, FloatArray
from engine.errors import DataError
from engine.settings import data_dir
from engine.training.text import datasets

PLUTCHIK = ("anger", "anticipation", "disgust", "fear", "joy", "sadness", "surprise", "trust")

#: GoEmotions categories in terms of Plutchik's eight, after his dyads (love = joy + trust, remorse = sadness + disgust, …); our reading.
_MIX = """
admiration joy.4 trust.6 surprise.2|amusement joy.9 surprise.2|anger anger1 disgust.2|annoyance anger.7 disgust.4
approval trust.7 joy.4|caring trust.7 joy.5|confusion surprise.5 fear.3 anticipation.3
curiosity anticipation.8 surprise.5|desire anticipation.6 joy.6|disappointment sadness.8 surprise.2 disgust.2
disapproval disgust.6 anger.5|disgust disgust1|embarrassment fear.4 sadness.4 surprise.3 disgust.2
excitement joy.8 anticipation.6 surprise.3|fear fear1|gratitude joy.6 trust.8|grief sadness1|joy joy1|love joy.7 trust.7
nervousness fear.8 anticipation.5|optimism anticipation.6 joy.6 trust.4|pride joy.7 anger.1 trust.5
realization surprise.6 anticipation.5|relief joy.6 trust.4 anticipation.1|remorse sadness.8 disgust.4|sadness sadness1
surprise surprise1|neutral trust.3 anticipation.3
"""

_LISTS = """
admiration 😍👏🙌💯👌✨|amusement 😂😄😜💀😁🙈|anger 😡😠😤👊🔫😣|annoyance 😒😑😤🙅😠😐|approval 👍👌💯🙌👏✌
caring 💕🙏❤💜💙♥|confusion 😕😐😳👀😬💁|curiosity 👀😏😳😐😉✨|desire 😍😋😏😘👀😈|disappointment 😞😔😒💔😕😩
disapproval 🙅😒😑✋😕😐|disgust 😷😖😣😫😒😑|embarrassment 🙈😳😅🙊😬😓|excitement 🙌😁😍💪✨😄|fear 😳😬😓😣😖💀
gratitude 🙏❤😊💕☺💖|grief 😭💔😢😞😔🙏|joy 😄😊😁☺🙌💖|love ❤😍💕😘♥💖|nervousness 😬😓😅😳😣🙈
optimism 🙏✨😊💪👍✌|pride 💪😎💯🙌👏👊|realization 👀😳😐💁😅✋|relief 😌😅☺🙏😪😊|remorse 😔😞😓😢🙏💔
sadness 😢😭😔💔😞😪|surprise 😳👀🙊🙌😂😬|neutral 😐💁👌👀✌😑
"""


def _mix() -> FloatArray:
    matrix = np.zeros((len(EMOTIONS), len(PLUTCHIK)), dtype=np.float32)
    for entry in _MIX.strip().replace("\n", "|").split("|"):
        name, *parts = entry.split()
        for part in parts:
            plain = part.rstrip("0123456789.")
            matrix[list(EMOTIONS).index(name), PLUTCHIK.index(plain)] = float(part[len(plain) :])
    return matrix


def _profiles() -> FloatArray:
    """(62, 8) EmoTag1200 ratings; ♡ (not rated) takes ♥'s."""
    try:
        lines = (data_dir() / "emoji" / "emotag1200.csv").read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise DataError(f"emotag1200.csv cannot be read ({error.strerror})", datasets.MEND) from error
    rated = {row["emoji"].replace("\ufe0f", ""): [float(row[k]) for k in PLUTCHIK] for row in csv.DictReader(lines)}
    rated.setdefault("♡", rated["♥"])
    return np.array([rated[symbol] for symbol in EMOJI], dtype=np.float32)


def affinity(sharpness: float = 6.0) -> FloatArray:
    """P(emoji | emotion) as (28, 62) float32, rows on the simplex: half EmoTag1200, half our lists.

    Args:
        sharpness: inverse temperature of the cosine between an emotion's and an emoji's Plutchik profile.
    """
    mix, profiles = _mix(), _profiles()
    mix = mix / np.linalg.norm(mix, axis=1, keepdims=True)
    profiles = profiles / np.linalg.norm(profiles, axis=1, keepdims=True)
    measured = np.exp(sharpness * (mix @ profiles.T))
    measured /= measured.sum(1, keepdims=True)
    listed = np.zeros((len(EMOTIONS), N_EMOJI), dtype=np.float32)
    for entry in _LISTS.strip().replace("\n", "|").split("|"):
        name, symbols = entry.split()
        for rank, symbol in enumerate(symbols.replace("\ufe0f", "")):
            listed[list(EMOTIONS).index(name), EMOJI_INDEX[symbol]] = 1.0 / (rank + 2.0)
    listed /= listed.sum(1, keepdims=True)
    return np.asarray(0.5 * measured + 0.5 * listed, dtype=np.float32)
