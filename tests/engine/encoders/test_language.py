import pytest

from engine.encoders.language import seems_foreign


@pytest.mark.parametrize(
    "text",
    [
        "lofi beats", "hyped af", "vibing", "chill lofi", "banger", "pump-up gym", "heartbreak ballad", "no cap fr fr",
        "lmao im dead", "deadass tired ngl", "bruh moment", "uwu cozy jams", "feelin blue rn", "rainy sunday, missing her",
        "so so happy!!!", "hasta la vista baby", "la la la la la", "na na na na hey hey goodbye", "deja vu",
        "slow burn synthwave night drive", "gimme summer roadtrip bops", "sad girl autumn indie folk", "phonk drift gym",
        "melancholic piano solo", "angsty teen rock anthem", "idk man", "ur mom", "", "😢", "123 !!",
        "wanna yeet myself into sun", "bossa nova", "K-pop bangers pls", "Smells Like Teen Spirit", "yeehaw country boots",
        "zzz sleepy tunes", "hype me up", "gm frens", "big sad hours", "late night coding beats", "study focus ambient",
        "bday party mix", "epic boss battle orchestral",
    ],
)  # fmt: skip
def test_english_and_its_slang_is_not_foreign(text: str) -> None:
    assert not seems_foreign(text)


@pytest.mark.parametrize(
    "text",
    [
        "Estoy muy triste hoy y quiero llorar", "quiero bailar toda la noche", "ich bin heute sehr traurig",
        "Musik zum Einschlafen bitte", "je suis tellement triste ce soir", "une chanson pour danser", "мне грустно сегодня",
        "今日は悲しい", "sono molto felice oggi", "eu estou muito triste", "jestem smutny dzisiaj", "vandaag ben ik blij",
        "שלום עולם", "أنا حزين جدا", "오늘 너무 슬퍼", "我今天很难过", "mujhe गाना चाहिए उदास वाला", "ICH BIN SO WÜTEND AUF ALLE",
    ],
)  # fmt: skip
def test_clear_sentences_of_other_languages_are_foreign(text: str) -> None:
    assert seems_foreign(text)
