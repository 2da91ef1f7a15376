"""A chat message, taken apart: words on one side, emoji in their order on the other. Pure, no model."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import emoji as emoji_library

from engine.encoders.emoji_keys import CUSTOM
from engine.encoders.emoji_names import reading

#: Characters read of a message: Discord's own limit for subscribers.
MAX_CHARACTERS = 4000

#: Symbols that people use as emoji though Unicode does not count them as such; the `emoji` library does not tokenise them.
SYMBOLS = frozenset("♡♪♫♬★☆")

_EMOTICONS = r"""
    🙂 :) :-) (: =) :]
    😃 :D :-D =D
    😆 xD XD
    😉 ;) ;-)
    😛 :P :p :-P
    😜 ;P
    ❤ <3
    💔 </3
    🙁 :( :-( =( ):
    😢 :'( ;( ;-;
    😭 ;_; T_T T.T TT_TT Q_Q
    😕 :/ :-/ :\
    😐 :|
    😑 -_-
    😮 :o :O :-O
    😳 O_O o_o
    😊 ^_^ ^^
    😠 >:(
    😈 >:)
    😎 B) 8)
    😘 :* :-*
    🙌 \o/
"""
#: Emoticons, as whole words, and the emoji they stand for.
EMOTICONS: Mapping[str, str] = MappingProxyType(
    {spelling: row.split()[0] for row in _EMOTICONS.strip().splitlines() for spelling in row.split()[1:]}
)

_CODE = re.compile(r"<(?:@[!&]?\d{1,24}|#\d{1,24}|/[^:<>]{1,100}:\d{1,24}|t:-?\d{1,20}(?::\w)?|id:\w{1,20})>|@(?:everyone|here)\b")
_MASKED = re.compile(r"\[([^\[\]\n]{1,500})\]\(\s*<?https?://[^\s()<>]{1,2000}>?[^()\n]{0,200}\)", re.IGNORECASE)
_LINK = re.compile(r"<?\b(?:https?://|www\.)[^\s>]+>?", re.IGNORECASE)
_BLOCK = re.compile(r"^[ \t]*(?:>{1,3}|-#|#{1,3}|[-*])[ \t]+", re.MULTILINE)
_FENCE = re.compile(r"```(?:\w{1,20}\n)?|``|`")
_PAIR = re.compile(r"(?<![\w*])(\*\*\*|\*\*|\*|___|__|~~|\|\|)(?=\S)([^\n]{0,300}?\S)\1")
_UNDERLINED = re.compile(r"(?<!\w)_(?=\S)([^\n]{0,300}?\S)_(?!\w)")
_SHORTCODE = re.compile(r"(?<![\w:<]):([A-Za-z0-9_+\-]{2,64}):(?![\w:])")
_SPACES = re.compile(r"\s+")
#: Written as words far more often than as emoji; only the emoji spelling (with U+FE0F) counts.
_WORDLIKE = frozenset("©®™")
#: Blocks of combining marks that no language stacks; after composition what is left of them is decoration or zalgo.
_MARKS = re.compile("[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]")
#: Of the characters of a text, when more than this share are such marks it is zalgo, and composed letters lose theirs too.
_ZALGO_SHARE = 0.25
#: Unicode's blocks of pictographs: what is unassigned there is an emoji newer than this Python.
_PICTOGRAPHS = range(0x1F300, 0x1FB00)


@dataclass(frozen=True, slots=True)
class Parts:
    """A message taken apart.

    Attributes:
        text: its words, normalised, without emoji, links, mentions and markup; "" where there are none.
        emoji: its emoji in order, repeated as often as they stand there, as they were spelt (custom emoji as ``<:name:id>``).
        cut: whether the message was longer than :data:`MAX_CHARACTERS`.
    """

    text: str
    emoji: tuple[str, ...]
    cut: bool


def take_apart(message: str) -> Parts:
    """Take any string apart. Never raises; whether anything is left is the caller's question."""
    cut = len(message) > MAX_CHARACTERS
    stripped = _without_markup(message[:MAX_CHARACTERS])
    words: list[str] = []
    symbols: list[str] = []
    for is_emoji, piece in _tokens(stripped):
        if is_emoji:
            symbols.append(piece)
            words.append(" ")
        else:
            words.append(piece)
    text = normalised_text("".join(words))
    return Parts(text if any(c.isalpha() for c in text) else "", tuple(symbols), cut)


def normalised_text(text: str) -> str:
    """Compatibility forms composed (NFKC), zalgo and invisible characters gone, white space single."""
    if text.isascii():
        return _SPACES.sub(" ", "".join(c if c.isprintable() else " " for c in text)).strip()
    composed = unicodedata.normalize("NFKC", text)
    decomposed = unicodedata.normalize("NFD", composed)
    if len(_MARKS.findall(decomposed)) > _ZALGO_SHARE * len(decomposed):
        composed = unicodedata.normalize("NFC", _MARKS.sub("", decomposed))
    kept = []
    for c in _MARKS.sub("", composed):
        category = unicodedata.category(c)
        if category != "Cf":  # joiners, byte-order marks, bidirectional controls: invisible, and cut words in two
            kept.append(" " if category in {"Cc", "Cs", "Co", "Cn", "Zl", "Zp"} else c)
    return _SPACES.sub(" ", "".join(kept)).strip()


def _without_markup(text: str) -> str:
    text = _CODE.sub(" ", text)
    text = _MASKED.sub(r"\1", text)
    text = _LINK.sub(" ", text)
    text = _FENCE.sub(" ", text)
    text = _BLOCK.sub("", text)
    for _ in range(3):  # markup nests: ***__so__ sad***
        text = _PAIR.sub(r"\2", text)
    return _UNDERLINED.sub(r"\1", text)


def _tokens(text: str) -> Iterator[tuple[bool, str]]:
    """(is it an emoji?, piece) for the whole of a text in order."""
    text = _SHORTCODE.sub(_spelt_out, text)
    last = 0
    for found in CUSTOM.finditer(text):
        yield from _unicode_tokens(text[last : found.start()])
        yield True, found.group()
        last = found.end()
    yield from _unicode_tokens(text[last:])


def _unicode_tokens(text: str) -> Iterator[tuple[bool, str]]:
    run: list[str] = []  # the library hands over what is not emoji one character at a time
    for token in emoji_library.analyze(text, non_emoji=True, join_emoji=True):
        if isinstance(token.value, str) or token.chars in _WORDLIKE:
            run.append(token.chars)
            continue
        yield from _characters("".join(run))
        run.clear()
        yield True, token.chars
    yield from _characters("".join(run))


def _characters(text: str) -> Iterator[tuple[bool, str]]:
    """Text between emoji: emoticons standing alone and symbols used as emoji."""
    for word in re.split(r"(\s+)", text):
        if word in EMOTICONS:
            yield True, EMOTICONS[word]
            continue
        for c in word:
            newer = ord(c) in _PICTOGRAPHS and unicodedata.category(c) == "Cn"
            yield c in SYMBOLS or newer, c


def _spelt_out(found: re.Match[str]) -> str:
    """``:fire:`` → 🔥, ``:pepe_sad:`` → a custom emoji where the lexicon knows its name. Any other name stays."""
    spelt = emoji_library.emojize(found.group(), language="alias")
    if spelt == found.group() and re.fullmatch(r"\w+", found.group(1), re.ASCII) and reading(found.group(1))[0]:
        return f"<:{found.group(1)}:0>"
    return spelt
