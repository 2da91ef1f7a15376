"""What members say after an answer, and what it should be taken for.

Kinds are those of :data:`engine.exemplars.FOLLOW_UPS`; "" is a mood of its own, which must be searched for. The part "look" was looked at
while the thresholds were set; "run" is only run. None of these sentences is among the exemplars.
"""

from __future__ import annotations

LOOK: dict[str, tuple[str, ...]] = {
    "+arousal": ("something with more punch", "let's pick up the pace", "make it livelier", "crank this thing", "a little more life in it",
                 "too sleepy, spice it up", "turn it to eleven", "turn up the energy", "louder please", "too slow"),
    "-arousal": ("something for winding down", "tone down the noise", "way too hectic", "lower the temperature", "dial back the chaos",
                 "something to unwind with", "make it a bit more mellow", "less intense", "slow it down"),
    "+valence": ("make it a brighter day", "this is bringing me down", "make me smile instead", "happier tunes would be nice",
                 "could use some joy", "let's be more positive", "not so sad", "that's too depressing for me"),
    "-valence": ("something that hurts", "make it hurt more", "less sunshine, more rain", "sadder", "a touch darker", "not sad enough"),
    "another": ("different songs please", "next please", "anything else?", "other suggestions", "something else", "again"),
    "why": ("reasons?", "what is your reasoning", "why?", "why did you choose the second"),
    "": ("rainy sunday, missing her", "I just got promoted!", "can't sleep, thinking about the exam", "heartbreak ballad",
         "pump-up gym music",
         "nobody texted me back", "my dog died", "first date tonight, nervous", "just finished my thesis", "I hate mondays", "so so happy",
         "walking home alone at 3am", "epic boss fight", "calm and content", "angry breakup anthem", "I feel powerless",
         "too tired to sleep",
         "feeling a bit down today", "cooking pasta with wine", "never felt better", "what a beautiful morning", "stuck in traffic again",
         "missing my grandmother", "the sea at night", "finally friday!!", "lonely in a crowd", "dancing in the kitchen", "he said yes",
         "I failed my driving test", "horror movie soundtrack", "golden hour on the beach", "everything is falling apart", "victory lap",
         "nostalgic for the 90s", "long drive through the desert", "we won the cup", "another lonely night", "why did she leave me"),
}  # fmt: skip

RUN: dict[str, tuple[str, ...]] = {
    "+arousal": ("pump it up", "more energetic please", "these are snoozers, wake it up", "can it be faster", "give me a livelier bunch",
                 "needs more drive", "step it up", "I want it louder and harder"),
    "-arousal": ("bring it down a little", "could you make it more chill", "something gentler", "too loud for me", "quieter", "not so fast",
                 "mellow it out", "less hectic please"),
    "+valence": ("too gloomy", "more cheerful songs", "lighten it up", "something sunnier", "less depressing", "a bit happier than that"),
    "-valence": ("more melancholic", "darker than this", "these are too cheerful", "sadder songs please", "gloomier"),
    "another": ("what other songs do you have", "show me more songs", "give me another one", "other ones please", "next"),
    "why": ("why this one?", "explain the third", "how come?", "why did you pick number 2"),
    "": ("grandma's kitchen at christmas", "I passed the bar exam", "she moved to another city", "midnight train to nowhere",
         "my team lost again",
         "quiet morning with coffee", "slow afternoon in the garden", "furious at the landlord", "birthday party for my son",
         "the funeral is on monday",
         "sailing on a calm lake", "studying for finals", "in love with my best friend", "bored out of my mind",
         "ready to conquer the world",
         "homesick", "power outage, candles everywhere", "first snow", "broke and tired", "happy hardcore rave", "sad robot noises",
         "just landed in tokyo", "I can't stop smiling", "worried about mum", "chill beats"),
}  # fmt: skip
