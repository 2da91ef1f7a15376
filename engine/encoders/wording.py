"""What a chat message looks like before it is tokenised: stretched letters, shouting, emoji, links and mentions. Pure functions.

MiniLM is uncased and knows neither "sooooo" nor most emoji, so loudness would be lost: it is measured here as a number beside the text.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Mapping

import emoji

#: Characters read of a message; ten times what a tokenizer cut at 128 tokens can use.
MAX_CHARACTERS = 4000

_LINK = re.compile(r"\b(?:https?://|www\.)\S+", re.IGNORECASE)
_DISCORD = re.compile(r"<a?:(\w{1,64}):\d{1,24}>|<(?:@[!&]?|#)\d{1,24}>")
_SPACES = re.compile(r"\s+")
_WORD = re.compile(r"[^\W\d_]+")
_RUN = re.compile(r"([^\W\d_])\1{2,}")
_SHOUT = re.compile(r"\b[A-Z]{3,}\b|\b[A-Z]{2,}(?=\W+[A-Z]{2,}\b)|(?<=[A-Z] )\b[A-Z]{2,}\b")
_LETTER = re.compile(r"[A-Za-z]")
#: Words that are said twice when their letters are stretched ("sooo tired" → "so so tired"); others are said once.
_DOUBLED = frozenset({"so", "very", "really", "too", "much", "way"})


def clean(text: str) -> str:
    """Text without links, mentions and control characters, emoji by their English names, white space single.

    Custom Discord emoji become the words of their names. Never raises, whatever the text.
    """
    text = unicodedata.normalize("NFKC", text[:MAX_CHARACTERS])
    text = _DISCORD.sub(lambda m: " " + (m.group(1) or "").replace("_", " ") + " ", text)
    text = _LINK.sub(" ", text)
    if not text.isascii():
        text = emoji.demojize(text, delimiters=(" \x1e", "\x1f "))
        text = re.sub("\x1e([^\x1f]*)\x1f", lambda m: m.group(1).replace("_", " ").replace("-", " "), text)
    text = "".join(" " if unicodedata.category(c) in {"Cc", "Cs", "Co", "Cn"} else c for c in text)
    return _SPACES.sub(" ", text).strip()


def unstretched(text: str, vocabulary: Mapping[str, int]) -> str:
    """Words with a letter three times or more in a row → the commonest known word with one or two of it.

    Args:
        text: as from :func:`clean`.
        vocabulary: lower-case word → rank, the commonest lowest (WordPiece ids are such ranks).
    """
    return _WORD.sub(lambda m: _shortened(m.group(), vocabulary) if _RUN.search(m.group()) else m.group(), text)


def _shortened(word: str, vocabulary: Mapping[str, int]) -> str:
    pieces = _RUN.split(word.lower())  # text, letter, text, letter, …, text
    letters = pieces[1::2]
    single = "".join(pieces)
    if len(letters) > 4:
        return single
    candidates = []
    for counts in itertools.product((1, 2), repeat=len(letters)):
        filled = list(pieces)
        filled[1::2] = [letter * n for letter, n in zip(letters, counts, strict=True)]
        candidates.append("".join(filled))
    known = [c for c in candidates if c in vocabulary]
    best = min(known, key=vocabulary.__getitem__) if known else single
    return f"{best} {best}" if best in _DOUBLED else best


def loudness(text: str) -> float:
    """How loud a message is typed, 0 (plain) to 1: shouted words, exclamation marks and stretched letters, each at most a third.

    Args:
        text: as from :func:`clean`, before :func:`unstretched`.
    """
    letters = len(_LETTER.findall(text))
    shouted = sum(len(word) for word in _SHOUT.findall(text)) / letters if letters else 0.0
    marks = min(text.count("!"), 3) / 3.0
    stretched = min(sum(len(m.group()) - 2 for m in _RUN.finditer(text)), 4) / 4.0
    return (min(shouted, 1.0) + marks + stretched) / 3.0
