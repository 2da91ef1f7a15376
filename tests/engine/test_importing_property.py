"""Whatever happens to the files of a library between imports, and wherever an import is cut short, the catalogue ends up right."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from engine.catalogue import LOCAL_GUILD, Catalogue
from engine.errors import AudioError
from engine.importing import ImportProgress, import_paths
from engine.scoring import ScoredRecording, ScoreFailure, Scorer
from tests.engine.catalogue.making import scored
from tests.engine.importing_child import PlainEncoder

names = st.sampled_from(["a.mp3", "b.mp3", "sub/c.mp3"])
sounds = st.sampled_from(["1", "1", "2"])
imports = st.sampled_from(["whole", "whole", "cut short", "none"])


class ReadingScorer(Scorer):
    """Takes the number in a file for its sound, so that hundreds of imports take no time; what is no number is broken."""

    def __init__(self) -> None:
        super().__init__(PlainEncoder("v1"))
        self.given = 0

    def score_files(self, paths: Iterable[Path], workers: int | None = None) -> Iterator[tuple[Path, ScoredRecording | ScoreFailure]]:
        for path in paths:
            self.given += 1
            content = path.read_text()
            if content.isdigit():
                yield path, scored(int(content), version="v1")
            else:
                yield path, ScoreFailure(path, AudioError(f"{path.name} is broken", "replace it"))


class Library(RuleBasedStateMachine):
    """A folder of files and the catalogue of it."""

    @initialize()
    def open(self) -> None:
        self.folder = TemporaryDirectory()
        self.music = Path(self.folder.name) / "music"
        (self.music / "sub").mkdir(parents=True)
        self.catalogue = Catalogue(Path(self.folder.name) / "catalogue.db")
        self.clock = itertools.count(10**18, 10**9)

    def teardown(self) -> None:
        self.catalogue.close()
        self.folder.cleanup()

    @rule(name=names, sound=sounds, then=imports)
    def write(self, name: str, sound: str, then: str) -> None:
        self._put(self.music / name, sound)
        self._import(then)

    @rule(name=names, then=imports)
    def break_(self, name: str, then: str) -> None:
        self._put(self.music / name, "x")
        self._import(then)

    @rule(name=names, then=imports)
    def delete(self, name: str, then: str) -> None:
        (self.music / name).unlink(missing_ok=True)
        self._import(then)

    @rule(name=names, to=names, then=imports)
    def move(self, name: str, to: str, then: str) -> None:
        if (self.music / name).exists():
            (self.music / name).replace(self.music / to)
        self._import(then)

    @rule(name=names, then=imports)
    def touch(self, name: str, then: str) -> None:
        if (self.music / name).exists():
            self._put(self.music / name, (self.music / name).read_text())
        self._import(then)

    def _import(self, how: str) -> None:
        if how == "whole":
            self._import_all()
        elif how == "cut short":

            def stop(progress: ImportProgress) -> None:
                if progress.added or progress.failed:
                    raise KeyboardInterrupt

            report = import_paths(self.catalogue, ReadingScorer(), [self.music], progress=stop)
            assert report.given == len(self._files())

    def _import_all(self) -> None:
        files = self._files()
        report = import_paths(self.catalogue, ReadingScorer(), [self.music])
        assert (report.given, report.left) == (len(files), 0)
        broken = {path for path, content in files.items() if content == "x"}
        assert report.failed == len(broken)
        assert {Path(error.path) for error in self.catalogue.errors(LOCAL_GUILD)} == broken
        tracks = self.catalogue.tracks([LOCAL_GUILD])
        sound_of = {self.catalogue.find_same(scored(int(sound)).fingerprint, 30.0): sound for sound in ("1", "2")}
        named = {Path(track.path or ""): sound_of[track.recording_id] for track in tracks}
        assert len(named) == len(tracks) == len({track.recording_id for track in tracks})
        assert all(files[path] in (sound, "x") for path, sound in named.items() if path in files), "a track names a file of its sound"
        there = [sound for path, sound in named.items() if files.get(path, "x") != "x"]
        assert sorted(there) == sorted({content for content in files.values() if content != "x"}), "every sound there is one track"
        assert sorted(self.catalogue.song_table().recording_ids) == sorted(track.recording_id for track in tracks)

        again = ReadingScorer()
        report = import_paths(self.catalogue, again, [self.music])
        assert (again.given, report.added, report.failed, report.left) == (0, 0, len(broken), 0)

    def _put(self, path: Path, content: str) -> None:
        """Each writing has its own time: two of one size within a tick of the file system's clock could not be told apart."""
        path.write_text(content)
        now = next(self.clock)
        os.utime(path, ns=(now, now))

    def _files(self) -> dict[Path, str]:
        return {path: path.read_text() for path in self.music.rglob("*.mp3")}


Library.TestCase.settings = settings(
    max_examples=25, stateful_step_count=15, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)
TestLibrary = Library.TestCase
