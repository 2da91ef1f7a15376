"""The settings class, its generated example and the home folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.errors import DataError, SettingsError
from engine.settings import CHECKOUT, Settings, configure_threads, data_dir, example, settings


@pytest.fixture(autouse=True)
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No setting of the machine the tests run on, and none that outlives the test."""
    for name in [name for name in os.environ if name.startswith("EMOJUKE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setitem(Settings.model_config, "env_file", ".env")
    monkeypatch.chdir(tmp_path)
    settings.cache_clear()
    yield
    settings.cache_clear()


def test_the_example_file_is_the_generated_one() -> None:
    assert (CHECKOUT / ".env.example").read_text(encoding="utf-8") == example()


def test_every_setting_has_a_line_of_help() -> None:
    for name, entry in Settings.model_fields.items():
        assert entry.description, name
        assert "\n" not in entry.description, name


def test_the_example_changes_nothing_when_every_line_is_uncommented(tmp_path: Path) -> None:
    lines = [line[1:] if line.startswith("#EMOJUKE_") else line for line in example().splitlines()]
    before = Settings()
    (tmp_path / ".env").write_text("\n".join(lines), encoding="utf-8")
    assert Settings() == before


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("EMOJUKE_ANSWERS=7\nEMOJUKE_THREADS=3\nSOMETHING_ELSE=1\n", encoding="utf-8")
    monkeypatch.setenv("EMOJUKE_ANSWERS", "4")
    assert (settings().answers, settings().threads) == (4, 3)


@pytest.mark.parametrize(("name", "value"), [("ANSWERS", "many"), ("ANSWERS", "0"), ("DEVICE", "toaster"), ("STARTER", "perhaps")])
def test_a_value_that_is_not_allowed_names_its_setting(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"EMOJUKE_{name}", value)
    with pytest.raises(SettingsError, match=f"EMOJUKE_{name}"):
        settings()


def test_an_env_file_that_is_not_text_is_one_error(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"EMOJUKE_ANSWERS=\xff\xfe\n")
    with pytest.raises(SettingsError, match=r"\.env"):
        settings()


def test_the_home_folder_is_created(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMOJUKE_HOME", "deep/home")
    assert settings().prepare_home() == tmp_path / "deep" / "home"
    assert list((tmp_path / "deep" / "home").iterdir()) == []


def test_a_home_that_cannot_be_a_folder_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    monkeypatch.setenv("EMOJUKE_HOME", str(tmp_path / "file" / "home"))
    with pytest.raises(SettingsError, match="file/home"):
        settings().prepare_home()


def test_a_tilde_means_the_users_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMOJUKE_HOME", "~/jukebox")
    assert settings().home == Path.home() / "jukebox"


def test_missing_data_say_which_setting_mends_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMOJUKE_DATA", str(tmp_path / "none"))
    with pytest.raises(DataError, match="EMOJUKE_DATA"):
        data_dir()
    (tmp_path / "none").mkdir()
    assert data_dir() == tmp_path / "none"


def test_threads_are_left_alone_unless_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "5")
    assert configure_threads(Settings(threads=0)) == 0
    assert os.environ["OMP_NUM_THREADS"] == "5"
