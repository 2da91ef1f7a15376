"""Whether a message is clearly not English. Conservative: slang and titles of two words never count as foreign."""

from __future__ import annotations

import re
import threading
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

#: py3langid's answers are compared among these only; its 150 others are rarely meant in a chat and often guessed for slang.
_LANGUAGES = ("en", "es", "pt", "fr", "de", "it", "nl", "sv", "no", "da", "fi", "pl", "cs", "hu", "ro", "tr", "id", "vi", "hr")

_COMMON = """
    the i i'm im i'd i've you your my we they he she her his them this that these those what when where who why how is are was were be been
    am and or but not don't dont can't cant won't with for from of to about like just so feel feeling feels want wanna need gonna gotta make
    makes give show play find get got have had has something someone everything nothing too very really right now today tonight all some
    more less if because at by song songs music happy sad love
"""
#: One of these in every five words and the message is English.
_ENGLISH = frozenset(_COMMON.split())

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_MIN_WORDS = 3
_ENGLISH_SHARE = 0.2
#: Both must hold before a message in Latin letters is called foreign.
_MIN_PROBABILITY = 0.95
_MAX_ENGLISH = 0.02

_lock = threading.Lock()
_identifiers: list[LanguageIdentifier] = []


def seems_foreign(text: str) -> bool:
    """Whether a message is clearly in another language than English.

    Most letters outside the Latin alphabet decide at once. In Latin letters a message of three words or more without common English words
    goes to py3langid, which is loaded at its first use (half a second).
    """
    letters = [c for c in text if c.isalpha()]
    if not letters:
        return False
    latin = sum(_is_latin(c) for c in letters)
    if latin * 2 < len(letters):
        return True
    words = [word.lower().replace("’", "'") for word in _WORD.findall(text)]
    if len(set(words)) < _MIN_WORDS or sum(word in _ENGLISH for word in words) >= _ENGLISH_SHARE * len(words):
        return False
    ranked: dict[str, float] = dict(_identifier().rank(" ".join(words)))
    english = ranked.get("en", 0.0)
    return english <= _MAX_ENGLISH and max(ranked.values()) >= _MIN_PROBABILITY


def _is_latin(character: str) -> bool:
    return character.isascii() or unicodedata.name(character, "").startswith(("LATIN", "MODIFIER LETTER"))


def _identifier() -> LanguageIdentifier:
    with _lock:
        if not _identifiers:
            from py3langid.langid import MODEL_FILE, LanguageIdentifier

            identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
            identifier.set_languages(_LANGUAGES)
            _identifiers.append(identifier)
        return _identifiers[0]
