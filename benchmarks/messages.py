"""Several hundred chat-sized messages, all different, the same ones every time: words, emoji, both, shouting, whispering."""

from __future__ import annotations

import random

_OPENINGS = ("", "ok so ", "honestly ", "today ", "ugh ", "hey, ", "guys ", "still ", "kinda ", "right now ", "it's 3am and ", "lol ")
_FEELINGS = (
    "I can't stop smiling",
    "missing her so much",
    "rainy sunday and nowhere to be",
    "just want to sleep",
    "about to lift something heavy",
    "my exam went better than I thought",
    "not sad, just tired",
    "the whole office is driving me mad",
    "driving home along the coast with the windows down",
    "I feel nothing at all",
    "nervous about tomorrow",
    "we WON",
    "cleaning the flat for my parents",
    "he said he needs space",
    "chill lofi while I write",
    "something my grandmother would dance to",
    "need a banger for the last kilometre",
    "snow outside, tea inside",
    "so so proud of my little brother",
    "everything reminds me of that summer",
    "a villain walking into the room",
    "first coffee of the day",
    "lost my keys again",
    "dreamy and a bit lonely",
)
_ENDINGS = ("", "", " 🌧️", " 😭😭", "!!!", " 🔥💪", " ...", " 💜", " lmao", " 😌✨", " and I do not know why", " please", " 🫠", " 😤")
_EMOJI = ("😢", "🔥💪", "🌧️💔", "😴", "🥳🎉", "😡😡", "🥰", "👀", "🏖️🍹", "😬", "🕯️", "🌅", "❤️‍🔥", "👨‍👩‍👧", "👍🏽", "🎸🤘")


def messages(count: int) -> list[str]:
    """``count`` different messages of about 3 to 120 characters; a fixed seed, so two runs measure the same.

    Every eighth is emoji alone. At most about 3,500 different ones can be made.
    """
    generator = random.Random(20_26)  # a fixed sequence is wanted; nothing secret hangs on it
    made: dict[str, None] = {}
    while len(made) < count:
        if len(made) % 8 == 7:
            made["".join(generator.choices(_EMOJI, k=generator.randint(1, 3)))] = None
        else:
            made[generator.choice(_OPENINGS) + generator.choice(_FEELINGS) + generator.choice(_ENDINGS)] = None
    return list(made)
