"""What the names of Discord and Twitch custom emoji mean: a small hand-written lexicon of memes. Pure, no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from engine.encoders.emoji_keys import words_of_name

_MEMES = """
    😢 sadge sad widepeeposad
    😔 feelsbadman feelsbad badman smoge aware depressed copium cope
    😭 pepehands biblethump crying cry sob
    😠 madge mad blobangry ban
    😩 despair
    🪦 rip
    🫡 f salute
    🌧 rain
    💔 heartbroken broken
    😞 lonely
    😌 feelsgoodman feelsgood goodman okayge okayeg comfy cozy cosy chill chilling relax
    😴 bedge sleep residentsleeper
    😪 sleepy tired
    😊 gladge happy happi peepohappy blush
    🙂 smile
    🎉 yay party partyparrot parrot
    🤩 hypers hype pog pogu pogchamp poggers poggies pogg pagman
    😲 wow shock shocked surprised surprisedpikachu
    😎 ez based vibing cool
    👏 ezclap clap gg
    💪 gigachad chad gachi
    🔥 lit fire hyped
    🙌 letsgo lfg
    💃 dance dancing blobdance
    🎶 jam jamming catjam vibe
    🤘 headbang headbanger
    🕺 rave
    🪩 disco
    🤣 kek kekw kekl keklaugh lmao rofl omegalul icant
    😂 lul lulw lol pepelaugh laugh
    😆 xd
    😈 trollface troll evil devilish
    😏 kappa keepo smug smirk
    😰 monka monkas nervous
    😱 monkaw monkagiga panic fear wutface
    🤔 monkahmm hmm hmmm think thinking thonk thonking susge sus suspicious
    😐 stare
    😨 scared
    🤦 notlikethis facepalm
    😑 bruh
    😒 weird weirdchamp
    🤪 pepega
    🤡 clown
    😬 cringe
    😡 ree reee rage reeee angry pissed furious swiftrage
    😍 simp
    ❤ love luv heart
    🤗 hug hugs
    😘 kiss
    🥺 uwu pleading
    😳 owo
    ☺ shy
    😋 nom yum
    👌 nice ok
    🙅 no
    👍 yes yep
    👎 nope
    🙏 prayge pray hopium hope
    👋 wave bye
    👻 ghost spooky
    💀 skull dead ded
    🤢 sick ew
    🤮 puke
    🥰 cute aww
    😅 thisisfine sweat
    🚀 stonks
"""
#: Meme word → the emoji that says the same. Written by hand from how chatters use them; nothing is trained or evaluated on it.
MEMES: Mapping[str, str] = MappingProxyType({word: row.split()[0] for row in _MEMES.strip().splitlines() for word in row.split()[1:]})

_FILLERS = """
    pepe peepo pepo pepi blob cat dog frog duck bear wojak doge anime gif animated emoji emote custom wide small big mini tiny new old my
    the a feels face pikachu bongo pusheen kitty puppy server discord twitch hd alt left right
"""
#: Who or what is drawn, or how: says nothing about a feeling.
FILLERS = frozenset(_FILLERS.split())


def reading(name: str) -> tuple[list[str], str]:
    """What a custom emoji's name says.

    Args:
        name: as between the colons, such as ``pepe_sad`` or ``PepeHands``.

    Returns:
        The emoji its meme words stand for, and the remaining words joined by spaces ("" where nothing is left).
    """
    words = [word for word in words_of_name(name) if not word.isdigit()]
    whole = "".join(words)
    if whole in MEMES:
        return [MEMES[whole]], ""
    symbols: list[str] = []
    rest: list[str] = []
    for word in words:
        bare = _without_filler(word)
        if bare in MEMES:
            symbols.append(MEMES[bare])
        elif bare and bare not in FILLERS:
            rest.append(bare)
    return symbols, " ".join(rest)


def _without_filler(word: str) -> str:
    """The part of a glued name that means something: ``peeposad`` → sad; ``catjam`` is known whole."""
    if word in MEMES:
        return word
    for filler in sorted(FILLERS, key=len, reverse=True):
        if len(filler) > 2 and word.startswith(filler) and len(word) - len(filler) > 2:
            return word[len(filler) :]
        if len(filler) > 2 and word.endswith(filler) and word[: -len(filler)] in MEMES:
            return word[: -len(filler)]
    return word
