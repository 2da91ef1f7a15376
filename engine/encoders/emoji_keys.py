"""How an emoji is spelt: skin tones and variation selectors off, ZWJ sequences and custom emoji taken apart. Pure, no I/O."""

from __future__ import annotations

import re

#: Discord's own emoji as they stand in a message: ``<:name:id>``, animated ``<a:name:id>``.
CUSTOM = re.compile(r"<a?:([A-Za-z0-9_]{1,64}):[0-9]{1,24}>")

ZWJ = "\u200d"
_SELECTORS = "\ufe0e\ufe0f"
_TONES = "".join(chr(code) for code in range(0x1F3FB, 0x1F400))
_DROPPED = {ord(c): None for c in _SELECTORS + _TONES}
_SELECTORS_DROPPED = {ord(c): None for c in _SELECTORS}
_REGIONAL = range(0x1F1E6, 0x1F200)
_TAGS = range(0xE0000, 0xE0080)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[A-Za-z])(?=[0-9])|(?<=[0-9])(?=[A-Za-z])")


def key(symbol: str) -> str:
    """The spelling under which an emoji is stored: without variation selectors and skin tones.

    A skin tone alone stays itself. Nothing else changes, so that text is returned as it came, less those characters.
    """
    return symbol.translate(_DROPPED) or symbol.translate(_SELECTORS_DROPPED) or symbol


def components(symbol: str) -> list[str]:
    """The parts of a sequence that mean something alone: ZWJ components, or the characters of any other sequence, as keys.

    Regional indicators and tag characters mean nothing alone and are left out.
    """
    spelt = key(symbol)
    parts = [part for part in spelt.split(ZWJ) if part] if ZWJ in spelt else list(spelt)
    return [part for part in parts if ord(part[0]) not in _REGIONAL and ord(part[0]) not in _TAGS and part != ZWJ]


def custom_name(symbol: str) -> str | None:
    """The name of a Discord custom emoji, ``pepe_sad`` of ``<:pepe_sad:123>``; None where it is not one."""
    found = CUSTOM.fullmatch(symbol.strip())
    return found.group(1) if found else None


def words_of_name(name: str) -> list[str]:
    """The lower-case words of a custom emoji's name: ``pepeSad2`` → pepe, sad, 2."""
    return [word.lower() for part in name.split("_") for word in _CAMEL.split(part) if word]
