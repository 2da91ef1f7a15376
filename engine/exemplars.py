"""Sentences that stand for what a follow-up can mean; :mod:`engine.steering` compares a message with them by meaning."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

#: The two ends of each axis in words a song could be described with: (positive, negative) for valence, arousal, dominance.
POLES: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (
        ("happy and cheerful", "joyful bright music", "feeling good and hopeful", "sunny and glad"),
        ("sad and gloomy", "dark mournful music", "heartbroken and miserable", "bleak and in tears"),
    ),
    (
        ("wild and energetic", "fast loud exciting music", "full of energy and hyped", "intense party"),
        ("calm and quiet", "slow soft relaxing music", "peaceful and sleepy", "gentle lullaby"),
    ),
    (
        ("powerful and confident", "strong triumphant music", "in control and bold", "unstoppable victory"),
        ("weak and helpless", "fragile vulnerable music", "small and afraid", "powerless and lost"),
    ),
)

#: What a follow-up asks for → ways to ask for it. The axes' ends are "+valence", "-valence" and so on.
FOLLOW_UPS: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "+arousal": (
        "more energy", "turn it up", "crank it up", "make it faster and livelier", "something more exciting", "pick up the tempo",
        "louder and wilder", "this is too slow and sleepy", "these put me to sleep", "I'm falling asleep here", "wake me up with this",
        "give me something to dance to", "raise the intensity", "more power and drive", "kick it up a notch", "take it to the next level",
        "needs more punch", "needs more oomph", "this is boring, bring the fire", "get the party going with the next song", "spice it up",
        "give it some gas", "full throttle please", "more adrenaline", "get my blood pumping",
    ),
    "-arousal": (
        "calmer please", "turn it down", "make it slower and softer", "something more relaxing", "slow things down", "gentler and quieter",
        "this is too loud and intense", "less energy", "tone it down a bit", "take it down a notch", "lower the intensity",
        "help me wind down", "something to wind down with", "take the edge off", "ease off", "can we relax a bit", "less in your face",
        "bring it down to a whisper", "softly now", "these are too hectic for me", "way too noisy", "too much, slow down", "my ears hurt",
        "that's a lot, something gentle", "let it settle down",
    ),
    "+valence": (
        "something happier", "make it more cheerful", "these are too sad", "cheer me up", "brighter and more positive", "less gloomy",
        "put a smile on my face", "lighten the mood", "give me something with a smile", "let some sunshine in", "put me in a good mood",
        "enough of the gloom", "these are bringing me down", "too depressing", "less sad please", "lose the sadness",
    ),
    "-valence": (
        "something sadder", "make it darker", "these are too happy", "more melancholy", "gloomier and more bitter", "less cheerful",
        "make me cry with the next song", "let me cry a little", "take me somewhere darker", "it's too cheerful for my mood", "too sugary",
        "make it hurt", "bring on the tears", "songs that hurt more", "less sunshine", "go gloomier",
    ),
    "another": (
        "show me something else", "other songs please", "next page", "more suggestions", "I don't want these, give me different ones",
        "what else is there", "what else have you got", "again with new songs", "skip these", "show me others", "try again",
        "I've heard these already", "got any more songs", "another batch of songs", "not these songs", "give me new ones", "other options",
    ),
    "why": (
        "why these songs?", "why did you pick these", "explain your choice", "what is the reason", "how do they match", "how come these?",
        "what made you pick those", "why did you choose the second song", "explain", "how do these fit my mood",
    ),
})  # fmt: skip

#: Moods of their own, in the many ways people write them: what a follow-up is not.
MOODS_OF_THEIR_OWN: tuple[str, ...] = (
    "I feel lonely tonight", "missing someone I love", "I got the job, so happy", "rainy afternoon at home",
    "road trip with friends in summer", "I am so angry at my boss", "nervous before the exam", "can't sleep at night",
    "heartbreak and tears", "workout in the gym", "party on friday", "studying in the library",
    "walking alone through the city at night", "morning coffee in the sun", "my cat died", "I love you", "horror film",
    "epic final battle", "sad piano", "lofi beats", "angry metal", "romantic dinner", "I hate everything", "bored at work",
    "proud of my sister", "wedding dance", "feeling down today", "we won the game", "nostalgic for my childhood",
    "nobody understands me", "driving at sunset", "why did you leave me", "another day alone", "exhausted after a long week",
    "calm and happy", "so happy", "very sad", "peaceful evening", "calm morning", "I can't calm down", "this song breaks my heart",
    "close to you", "why does it hurt", "why is life so hard", "another monday", "chill evening", "slow dance", "soft rain",
    "happy music", "sad songs", "calm music", "energetic music", "loud party music", "dark ambient", "music to relax",
    "songs to cry to", "too many thoughts in my head", "too much work", "I need a hug", "I want to scream", "I want to dance",
    "let's dance all night", "let it go", "feeling hopeful", "feeling sick", "I wish it were over", "get over him", "she said no",
    "turned thirty today", "moving to a new city", "first day of spring", "stars in the sky", "cold winter night", "ocean waves",
    "I'm tired of everything", "better days will come", "nothing can stop me", "never been happier", "missing home", "graduation day",
)  # fmt: skip
