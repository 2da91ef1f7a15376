"""Words that say how the next songs should differ: "calmer", "sadder but not slow", "turn it down". A first look, by words alone; pure.

What it cannot read is left to :mod:`engine.steering`, which goes by meaning. A message that names a mood of its own ("rainy sunday, missing
her", "too tired to sleep") is no direction, and :func:`read` says so by returning nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

Axes = tuple[float, float, float]

#: Adjectives and nouns of direction → valence, arousal, dominance of one step, each in [-1, 1]. Only what a listener plainly means is set.
_LEXICON = """
    1 0 0: happy glad positive joy happiness joyful
    1 .3 0: cheerful cheery sunny merry jolly
    .8 .3 0: bright fun playful
    .6 -.2 0: warm sweet tender comforting kind
    .5 -.3 0: light airy breezy
    .8 0 .2: hopeful optimistic uplifting hope
    .6 .8 .1: upbeat lively bouncy danceable peppy perky
    -1 0 0: sad sadness negative unhappy sorrowful blue
    -1 -.2 -.2: gloomy melancholic melancholy depressing depressed mournful bleak somber sombre miserable
    -.7 0 .1: dark moody grim darkness bitter
    0 -1 0: calm slow still low-key lowkey laid-back subdued unhurried
    .1 -1 0: chill relaxed relaxing easygoing lazy
    .3 -1 0: peaceful soothing serene tranquil restful
    .1 -.9 -.2: mellow dreamy
    0 -.8 -.4: quiet soft gentle tame hushed
    0 -1 -.2: sleepy drowsy
    0 -.5 -.7: delicate fragile
    .1 1 .1: energetic energy energised energized lively hyper
    0 1 0: fast quick tempo pace speed bpm brisk uptempo up-tempo
    0 .9 .4: loud volume noisy
    0 1 .3: intense intensity wild crazy hype hyped driving punchy rowdy
    .4 1 .2: exciting excited thrilling
    -.1 .9 .6: hard hardcore
    -.7 .8 .5: angry anger aggressive furious mad mean
    -.3 .7 .6: heavy harsh brutal
    -.5 .7 -.4: tense tension nervous anxious
    -.8 .7 -.6: scary creepy eerie spooky
    -.2 .7 .3: dramatic drama
    .1 .4 1: powerful strong bold power strength tough
    .3 .2 1: confident triumphant heroic
    .2 .6 .8: epic big grand
    0 -.2 -1: weak vulnerable small helpless timid
"""


def _table(text: str) -> Mapping[str, Axes]:
    words: dict[str, Axes] = {}
    for line in text.strip().splitlines():
        numbers, names = line.split(":")
        v, a, d = (float(n) for n in numbers.split())
        words.update(dict.fromkeys(names.split(), (v, a, d)))
    return MappingProxyType(words)


def comparative(word: str) -> str:
    """The "-er" form of an adjective: calm → calmer, sad → sadder, happy → happier, tense → tenser."""
    if word.endswith("e"):
        return word + "r"
    if re.search("[^aeiou]y$", word):
        return word[:-1] + "ier"
    if re.fullmatch("[^aeiou]*[aeiou][^aeiouwxy]", word):
        return word + word[-1] + "er"
    return word + "er"


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


WORDS: Mapping[str, Axes] = _table(_LEXICON)
COMPARATIVES: Mapping[str, Axes] = MappingProxyType({comparative(word): axes for word, axes in WORDS.items()})

#: Phrasal verbs: the verb, the particle, what they mean together when no noun of direction is in between.
_PHRASAL: tuple[tuple[frozenset[str], str, Axes], ...] = (
    (_words("cheer lift brighten perk pick liven"), "up", (0.8, 0.4, 0.1)),
    (_words("lighten"), "up", (0.7, -0.2, 0.0)),
    (_words("toughen beef"), "up", (0.0, 0.4, 1.0)),
    (_words("speed turn crank pump dial amp ramp kick step bring take wake hype fire rev"), "up", (0.0, 1.0, 0.1)),
    (_words("slow calm turn tone take tune bring dial cool quiet settle wind chill tame"), "down", (0.0, -1.0, 0.0)),
    (_words("mellow chill"), "out", (0.1, -1.0, 0.0)),
)
_VERBS = frozenset().union(*(verbs for verbs, _, _ in _PHRASAL))
_SINGLE_VERBS: Mapping[str, Axes] = MappingProxyType(
    {"brighten": (0.9, 0.2, 0.0), "darken": (-0.9, 0.0, 0.1), "soften": (0.0, -0.8, -0.4), "lighten": (0.7, -0.2, 0.0)}
)

_DEGREES: Mapping[str, float] = MappingProxyType({
    "bit": 0.5, "little": 0.5, "slightly": 0.5, "touch": 0.5, "tad": 0.5, "notch": 0.6, "somewhat": 0.6, "kinda": 0.6, "bitty": 0.5,
    "much": 1.6, "way": 1.6, "far": 1.6, "lot": 1.6, "lots": 1.6, "really": 1.4, "even": 1.2,
    "very": 1.4, "super": 1.5, "tons": 1.6, "waaay": 1.8,
})  # fmt: skip
_NOT = _words("not no isn't aren't don't dont isnt never nor without")
_MORE = _words("more extra added higher increase raise additional stronger")
_LESS = _words("less fewer reduce lower decrease drop cut minus")
_BUT = _words("but yet though although however while with")
_FILLER = _words("""
    a about again also an and another anything are at be before bro can could dude eh end feel feels find for get give go here hm
    hmm how i i'd i'll i'm id in is it it's its just keep kind last let's lets like make man maybe me mood music my nah need needs
    now of oh ok okay on one ones pal play please pls plz prefer previous rather rest right same should show side so some
    something song songs sort sound sounding sounds still stuff than thank thanks that that's the them then there these thing
    things this those time to today tonight track tracks try tune tunes um us vibe vibes wanna want was we we're well were what
    what's whats would yeah yes you your
""")
#: A mood of one's own, not a wish about songs.
_OWN_MOOD = re.compile(r"\b(?:i'?m|im|i am|i was|i feel|i felt|feeling|makes? me|we'?re|we are|she|he|her|him|my)\b")
#: Words that end in "-ier" and compare nothing.
_NO_COMPARATIVES = _words("soldier barrier glacier premier frontier carrier courier pier tier cashier earlier dossier")
_TOKEN = re.compile(r"[a-z][a-z'-]*[a-z]|[a-z]|[,;.!?]|[^\x00-\x7f\s]+")
#: "too tired to sleep" tells a mood; "too sad" judges a song.
_TOO_TO = re.compile(r"\btoo (?:\w+ ){1,2}to\b")
_LONGEST = 14


@dataclass(frozen=True, slots=True)
class Clause:
    """One wish of a direction.

    Attributes:
        amount: signed size in steps; negative where the wish is to move away ("less", "too", "not").
        axes: what one step means, when the words alone say it.
        phrase: otherwise the words whose meaning says it, such as "jazzy" of "a bit more jazzy".
    """

    amount: float
    axes: Axes | None = None
    phrase: str | None = None


def tokens(message: str) -> list[str]:
    """Lower-case words and marks of punctuation."""
    return _TOKEN.findall(message.lower().replace("’", "'"))


def read(message: str) -> tuple[Clause, ...]:
    """The wishes of a message, none when it is not plainly a direction. Never raises."""
    words = tokens(message)
    lowered = message.lower()
    if not words or len(words) > _LONGEST or _TOO_TO.search(lowered):
        return ()
    reader = _Reader(words)
    clauses = reader.clauses()
    if not clauses or not reader.relative:
        return ()
    if _OWN_MOOD.search(lowered) and not reader.compared:
        return ()
    return tuple(clauses)


class _Reader:
    """One pass over the words, with what has been said so far about the word to come: its degree, whether it is negated."""

    def __init__(self, words: list[str]) -> None:
        self.words = words
        #: Something in the message compares: it speaks about the songs before.
        self.relative = words[0] in _BUT
        #: The comparison is in a form ("calmer", "more …") that nobody uses for a mood of their own.
        self.compared = False
        self._found: list[Clause] = []
        self._unknown: list[str] = []
        self._unread = False
        self._reset()

    def _reset(self) -> None:
        self.degree, self.sign, self.opened, self.denied = 1.0, 0.0, False, False

    def clauses(self) -> list[Clause]:
        """The wishes in order; none when a word stays unread."""
        i = 0
        while i < len(self.words):
            i = self._step(i)
        self._flush()
        return [] if self._unread else self._found

    def _step(self, i: int) -> int:
        word = self.words[i]
        phrasal = self._phrasal(i)
        if phrasal:
            return phrasal
        if word in COMPARATIVES and word not in _LESS:
            self._flush()
            self._wish(COMPARATIVES[word], 1.0, comparing=True)
        elif word in _SINGLE_VERBS:
            self._flush()
            self._wish(_SINGLE_VERBS[word], 1.0, comparing=True)
        elif word in WORDS:
            self._known(word)
        elif word in _MORE or word in _LESS or word == "too" or word in _NOT:
            self._marker(word)
        elif word in {"as", "that", "so"} and self.sign < 0:
            pass  # "not as sad", "not that slow"
        elif word == "enough":
            self._enough()
        elif word in _DEGREES:
            self.degree = _DEGREES[word]
        elif word in _BUT or word in {",", ";"}:
            self._flush()
            self._reset()
        elif word.endswith("ier") and word not in _NO_COMPARATIVES and len(word) > 5:
            self._flush()
            self._wish(None, 1.0, comparing=True, phrase=word[:-3] + "y")
        elif word not in _FILLER and word not in {".", "!", "?"}:
            self._unknown.append(word)
        return i + 1

    def _phrasal(self, i: int) -> int:
        """A phrasal verb that starts at word ``i``: where the reading goes on, or 0."""
        if self.words[i] not in _VERBS:
            return 0
        between: list[str] = []
        for j in range(i + 1, min(i + 5, len(self.words))):
            particle = self.words[j]
            if particle in {"up", "down", "out"}:
                return self._phrase_found(self.words[i], particle, between, j)
            between.append(particle)
        return 0

    def _phrase_found(self, verb: str, particle: str, between: list[str], j: int) -> int:
        rest = [word for word in between if word not in _FILLER and word not in _DEGREES]
        for verbs, wanted, axes in _PHRASAL:
            if verb in verbs and particle == wanted and not rest:
                after = [w for w in self.words[j + 1 : j + 4] if w not in _FILLER and w not in _DEGREES]
                if after and after[0] in WORDS:  # "turn up the energy"
                    noun = self.words.index(after[0], j)
                    self._wish(WORDS[after[0]], 1.0 if particle == "up" else -1.0, comparing=True)
                    return noun + 1
                self.degree = next((_DEGREES[w] for w in [*between, *self.words[j + 1 : j + 3]] if w in _DEGREES), self.degree)
                self._wish(axes, 1.0, comparing=True)
                return j + 1
        if len(rest) == 1 and rest[0] in WORDS and particle in {"up", "down"}:  # "turn the energy up"
            self._wish(WORDS[rest[0]], 1.0 if particle == "up" else -1.0, comparing=True)
            return j + 1
        return 0

    def _known(self, word: str) -> None:
        self._flush()
        if self.sign:
            self._wish(WORDS[word], self.sign)
        else:
            self._wish(WORDS[word], 1.0, comparing=False)

    def _marker(self, word: str) -> None:
        """more, less, too, not: what the next words are wished to be."""
        self._flush()
        self.relative = self.opened = True
        negated = self.sign < 0 and not self.compared
        if word in _MORE:
            self.sign, self.compared = (-1.0 if negated else 1.0), True  # "no more sad songs"
        elif word in _LESS:
            self.sign, self.compared = -1.0, True
        elif word == "too":
            self.sign = -0.5 if negated else -1.0
        else:
            self.sign, self.denied = -0.5, True
            return
        self.denied = False

    def _enough(self) -> None:
        """ "not happy enough" wishes for what "not happy" wishes away."""
        if self._found and self._found[-1].amount < 0:
            last = self._found.pop()
            self._found.append(Clause(-2.0 * last.amount, last.axes, last.phrase))
            self.relative = True

    def _wish(self, axes: Axes | None, sign: float, *, comparing: bool = True, phrase: str | None = None) -> None:
        negated = self.sign < 0 and comparing and sign > 0
        amount = (-0.5 if negated else sign) * self.degree
        self._found.append(Clause(amount, axes, phrase))
        self.relative |= comparing
        self.compared |= comparing and not self.opened
        self._reset()

    def _flush(self) -> None:
        """Unknown words are a wish of their own after "more" or "less"; elsewhere they make the message unreadable."""
        if not self._unknown:
            return
        if self.sign and not self.denied and len(self._unknown) <= 3:
            self._found.append(Clause(self.sign * self.degree, None, " ".join(self._unknown)))
            self._reset()
        elif not any(c.isascii() for word in self._unknown for c in word):  # emoji beside a wish colour it
            self._found.append(Clause(0.5, None, " ".join(self._unknown)))
        else:
            self._unread = True
        self._unknown.clear()
