"""What the names of Discord and Twitch custom emoji mean: a small hand-written lexicon of memes. Pure, no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from engine.encoders.emoji_keys import words_of_name

#: Meme word → the emoji that says the same. Written by hand from how chatters use them; nothing is trained or evaluated on it.
_MEMES = """
    sadge 😢 | sad 😢 | feelsbadman 😔 | feelsbad 😔 | badman 😔 | widepeeposad 😢 | pepehands 😭 | hands 😭 | biblethump 😭 | smoge 😔 | madge 😠
    aware 😔 | despair 😩 | crying 😭 | cry 😭 | sob 😭 | rip 🪦 | f 🫡 | rain 🌧 | heartbroken 💔 | broken 💔 | lonely 😞 | depressed 😔
    feelsgoodman 😌 | feelsgood 😌 | goodman 😌 | okayge 😌 | okayeg 😌 | comfy 😌 | cozy 😌 | cosy 😌 | bedge 😴 | sleep 😴 | sleepy 😪 | residentsleeper 😴
    tired 😪 | chill 😌 | chilling 😌 | relax 😌 | gladge 😊 | happy 😊 | happi 😊 | peepohappy 😊 | blush 😊 | smile 🙂 | yay 🎉 | hypers 🤩 | hype 🤩
    pog 🤩 | pogu 🤩 | pogchamp 🤩 | poggers 🤩 | poggies 🤩 | pogg 🤩 | pagman 🤩 | wow 😲 | ez 😎 | ezclap 👏 | clap 👏 | gigachad 💪 | chad 💪 | based 😎 | lit 🔥
    fire 🔥 | hyped 🔥 | letsgo 🙌 | lfg 🙌 | party 🎉 | dance 💃 | dancing 💃 | jam 🎶 | jamming 🎶 | catjam 🎶 | vibe 😎 | vibing 😎 | vibe 🎶 | headbang 🤘
    headbanger 🤘 | rave 🕺 | disco 🪩 | blobdance 💃 | partyparrot 🎉 | parrot 🎉 | kek 🤣 | kekw 🤣 | kekl 🤣 | keklaugh 🤣 | lul 😂 | lulw 😂 | lol 😂 | lmao 🤣
    rofl 🤣 | xd 😆 | omegalul 🤣 | pepelaugh 😂 | laugh 😂 | icant 🤣 | trollface 😈 | troll 😈 | kappa 😏 | keepo 😏 | smug 😏 | smirk 😏 | monka 😰 | monkas 😰
    monkaw 😱 | monkagiga 😱 | monkahmm 🤔 | hmm 🤔 | hmmm 🤔 | think 🤔 | thinking 🤔 | thonk 🤔 | thonking 🤔 | susge 🤔 | sus 🤔 | suspicious 🤔 | stare 😐 | panic 😱
    scared 😨 | fear 😱 | nervous 😰 | wutface 😱 | notlikethis 🤦 | facepalm 🤦 | bruh 😑 | weird 😒 | weirdchamp 😒 | pepega 🤪 | clown 🤡 | copium 😔 | cope 😔
    cringe 😬 | ree 😡 | reee 😡 | rage 😡 | reeee 😡 | mad 😠 | angry 😡 | pissed 😡 | furious 😡 | blobangry 😠 | ban 😠 | swiftrage 😡 | gachi 💪 | simp 😍 | love ❤ | luv ❤
    heart ❤ | hug 🤗 | hugs 🤗 | kiss 😘 | uwu 🥺 | owo 😳 | pleading 🥺 | shy ☺ | nom 😋 | yum 😋 | cool 😎 | nice 👌 | gg 👏 | no 🙅 | yes 👍 | ok 👌 | yep 👍 | nope 👎
    prayge 🙏 | pray 🙏 | hopium 🙏 | hope 🙏 | salute 🫡 | wave 👋 | bye 👋 | ghost 👻 | skull 💀 | dead 💀 | ded 💀 | spooky 👻 | evil 😈 | devilish 😈 | sick 🤢 | puke 🤮
    ew 🤢 | cute 🥰 | aww 🥰 | thisisfine 😅 | sweat 😅 | stonks 🚀 | shock 😲 | shocked 😲 | surprised 😲 | surprisedpikachu 😲
"""
MEMES: Mapping[str, str] = MappingProxyType(dict(pair.split() for row in _MEMES.strip().splitlines() for pair in row.split("|")))

#: Who or what is drawn, or how: says nothing about a feeling.
FILLERS = frozenset(
    "pepe peepo pepo pepi blob cat dog frog duck bear wojak doge anime gif animated emoji emote custom wide small big mini tiny new old my the a"
    " feels face cute_face pikachu bongo pusheen kitty puppy server discord twitch hd alt left right"
    .split()
)  # fmt: skip


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
