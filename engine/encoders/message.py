"""A chat message → one affect: words through the text encoder, emoji through the emoji encoder, then mixed."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.affect import Affect, blend, normalised
from engine.encoders.base import EmojiEncoder, TextEncoder
from engine.encoders.emoji_keys import custom_name, key
from engine.encoders.emoji_names import reading
from engine.encoders.language import seems_foreign
from engine.encoders.lexicon import Lexicon, rated
from engine.encoders.message_parts import MAX_CHARACTERS, Parts, take_apart
from engine.errors import QueryError

#: The last emoji of several weighs this much more than the first: a message ends on what it means.
LAST_EXTRA = 0.25
#: An emoji said n times weighs n to this power.
REPEAT_POWER = 0.5
#: Each repetition pushes the emoji part this much further from the centre of the space, at most :data:`MAX_PUSH` in all.
PUSH = 0.12
MAX_PUSH = 1.36

_MEND = "write how you feel in a few words, or send an emoji"


@dataclass(frozen=True, slots=True)
class MessageAffect:
    """What a message feels like.

    Attributes:
        affect: on the scale text, emoji and audio share.
        raw: before the cross-modal maps; the VAD is in NRC units.
        text: the words that were read, cleaned; "" in a message of emoji only.
        emoji: the emoji that were read, in order.
        notices: sentences for the member about how the message was read.
    """

    affect: Affect
    raw: Affect
    text: str
    emoji: tuple[str, ...]
    notices: tuple[str, ...]


class MessageEncoder:
    """Mixes a text and an emoji encoder; words alone are exactly the text encoder's affect, one emoji alone exactly the emoji encoder's.

    Args:
        text: reads the words.
        emoji: reads the emoji.
        lexicon: the operator's own ratings of single terms, if any.
    """

    def __init__(self, text: TextEncoder, emoji: EmojiEncoder, lexicon: Lexicon | None = None) -> None:
        self.text, self.emoji = text, emoji
        self._lexicon = lexicon or {}

    def encode(self, message: str) -> MessageAffect:
        """The affect of a message of words, emoji or both.

        Raises:
            QueryError: when there is neither a word nor an emoji in it.
        """
        if not message.strip():
            raise QueryError("the message is empty", _MEND)
        parts = take_apart(message)
        if not parts.text and not parts.emoji:
            raise QueryError("there is no word and no emoji in that message", _MEND)
        words = rated(parts.text, self.text.encode_raw([parts.text])[0], self._lexicon) if parts.text else None
        distinct = list(dict.fromkeys(parts.emoji))
        symbols = dict(zip(distinct, self.emoji.encode_raw(distinct), strict=True))
        calibrated = {symbol: self.emoji.map(raw) for symbol, raw in symbols.items()}
        return MessageAffect(
            _mixed(parts, None if words is None else self.text.map(words), calibrated),
            _mixed(parts, words, symbols),
            parts.text,
            parts.emoji,
            tuple(notices(parts)),
        )


def _mixed(parts: Parts, words: Affect | None, symbols: dict[str, Affect]) -> Affect:
    """The affect of a message from those of its words (None where there are none) and of its distinct emoji."""
    if not parts.emoji and words is not None:
        return words
    joined = together(parts.emoji, symbols)
    if words is None:
        return joined
    weight = emoji_weight(len(parts.text.split()), len(parts.emoji))
    return blend([words, joined], [1.0 - weight, weight])


def emoji_weight(words: int, emoji: int) -> float:
    """The share of the emoji in a message of ``words`` words (>= 1) and ``emoji`` emoji (>= 1), in (0, 1).

    sqrt(emoji) against 1 + min(words, 8) / 4: one emoji weighs 0.44 beside one word, 0.33 beside four, 0.25 beside eight or more.
    """
    mass = math.sqrt(emoji)
    return mass / (mass + 1.0 + min(words, 8) / 4.0)


def together(symbols: Sequence[str], affects: dict[str, Affect]) -> Affect:
    """Emoji in their order → one affect. One emoji alone is exactly its own affect.

    Each weighs its count to the power 0.5 and up to a quarter more the later it stands; repetition pushes the blend away from the centre.

    Args:
        symbols: (n >= 1) in order, with repetitions.
        affects: the affect of each.
    """
    spelt = [key(symbol) for symbol in symbols]
    counts = Counter(spelt)
    weights = [
        counts[own] ** (REPEAT_POWER - 1.0) * (1.0 + (LAST_EXTRA * i / (len(spelt) - 1) if len(spelt) > 1 else 0.0))
        for i, own in enumerate(spelt)
    ]
    blended = affects[symbols[0]] if len(counts) == 1 else blend([affects[symbol] for symbol in symbols], weights)
    # the strongest repetition counts in proportion to the share of the message it is
    repeats = max(count - 1 for count in counts.values()) * max(counts.values()) / len(spelt)
    return pushed(blended, min(1.0 + PUSH * repeats, MAX_PUSH))


def pushed(affect: Affect, factor: float) -> Affect:
    """An affect moved from the centre of the space (0.5 on each axis) by ``factor`` >= 1; the emoji are sharpened by the same power."""
    if factor <= 1.0:
        return affect
    vad = np.clip(0.5 + factor * (affect.vad - 0.5), 0.0, 1.0)
    return Affect(vad, normalised(affect.emoji.astype(np.float64) ** factor))


def notices(parts: Parts) -> list[str]:
    """Sentences for the member about how a message was read."""
    found: list[str] = []
    if parts.cut:
        found.append(f"That was long: I read the first {MAX_CHARACTERS:,} characters.")
    if parts.text and seems_foreign(parts.text):
        found.append("I understand English best, so these songs may fit less well.")
    names = dict.fromkeys(name for name in map(custom_name, parts.emoji) if name is not None)
    strange = [name for name in names if not reading(name)[0]]
    if strange:
        listed = ", ".join(f":{name}:" for name in strange[:3]) + (" and others" if len(strange) > 3 else "")
        found.append(f"I know {listed} only by name.")
    return found
