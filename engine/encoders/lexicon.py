"""The operator's own copy of the NRC-VAD lexicon (Mohammad, 2018 and 2025), which may not be shipped: how people rated single terms."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np

from engine.affect import Affect
from engine.errors import SettingsError

#: Term in lower case → valence, arousal, dominance in [0, 1].
Lexicon = Mapping[str, tuple[float, float, float]]

#: Share of a term's rating in the affect of a message that is nothing but this term. Half, because the raters judged the term alone and the
#: encoder knows it as a wish for music; not measured, since the lexicon may not be shipped.
RATED_SHARE = 0.5

#: Terms read at most; the lexicon has 20,000 or 55,000.
_MOST_TERMS = 200_000
_ENDS = " .,!?…\"'“”"


def read_lexicon(path: Path) -> Lexicon:
    """Read the lexicon as it is published: a term, valence, arousal and dominance a line, parted by tabs, with or without a header.

    The first edition rates from 0 to 1, the second from -1 to 1, which is brought to 0 to 1.

    Raises:
        SettingsError: when the file cannot be read or holds no ratings; names the setting.
    """
    mend = "correct or remove the setting EMOJUKE_NRC_LEXICON"
    ratings: dict[str, tuple[float, float, float]] = {}
    try:
        with path.open(encoding="utf-8-sig") as lines:
            for line in lines:
                rated = _rating(line)
                if rated is not None and len(ratings) < _MOST_TERMS:
                    ratings[rated[0]] = rated[1]
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"the NRC-VAD lexicon {path} cannot be read ({error})", mend) from error
    if not ratings:
        raise SettingsError(f"{path} holds no ratings in the form of the NRC-VAD lexicon", mend)
    if any(min(rating) < 0.0 for rating in ratings.values()):
        ratings = {term: ((v + 1.0) / 2.0, (a + 1.0) / 2.0, (d + 1.0) / 2.0) for term, (v, a, d) in ratings.items()}
    if any(min(rating) < 0.0 for rating in ratings.values()):
        raise SettingsError(f"{path} holds ratings outside -1 to 1", mend)
    return MappingProxyType(ratings)


def rated(text: str, affect: Affect, lexicon: Lexicon) -> Affect:
    """The raw affect of a text, drawn towards its rating where the whole text is one term of the lexicon; else unchanged.

    Sentences are left to the encoder: a sum over words cannot tell "sad" from "not sad".

    Args:
        text: words of a message.
        affect: what the text encoder makes of them, VAD in NRC units.
        lexicon: ratings.
    """
    rating = lexicon.get(text.lower().strip(_ENDS))
    if rating is None:
        return affect
    vad = (1.0 - RATED_SHARE) * affect.vad + RATED_SHARE * np.asarray(rating, dtype=np.float32)
    return Affect(np.clip(vad, 0.0, 1.0), affect.emoji)


def _rating(line: str) -> tuple[str, tuple[float, float, float]] | None:
    """Term and ratings of a line; None for a header or anything else."""
    cells = line.rstrip("\r\n").split("\t")
    if len(cells) != 4:
        return None
    try:
        v, a, d = (float(cell) for cell in cells[1:])
    except ValueError:
        return None
    return (cells[0].strip().lower(), (v, a, d)) if all(math.isfinite(x) and x <= 1.0 for x in (v, a, d)) else None
