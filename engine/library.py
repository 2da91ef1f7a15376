"""Keeps the index in step with the catalogue: loaded when it fits, rebuilt when not, brought up to date when songs come and go.

The index is a cache. Its manifest names the models, the calibration and the state of the catalogue it was made from; any other is
rebuilt.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.affect import VAD_WEIGHT, Affect, FloatArray, normalised, to_vectors
from engine.calibration import ModalityMap
from engine.catalogue import Catalogue, SegmentTable, SongTable
from engine.encoders.weights_io import CALIBRATION, WEIGHTS, shipped_maps
from engine.errors import IndexFileError
from engine.index import AffectIndex, search_vectors

#: What the starter's version ends with: its scores come from fold models of the same recipe.
OUT_OF_FOLD = "+oof"

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, eq=False)
class Songs:
    """Calibrated affects of some recordings, in order of their ids.

    Attributes:
        ids: (n,) int64.
        vad: (n, 3) float32.
        emoji: (n, 62) float32.
    """

    ids: NDArray[np.int64]
    vad: FloatArray
    emoji: FloatArray

    def affects(self) -> dict[int, Affect]:
        """Recording id → affect."""
        rows = zip(self.ids.tolist(), self.vad, self.emoji, strict=True)
        return {recording: Affect(np.clip(vad, 0.0, 1.0), normalised(emoji)) for recording, vad, emoji in rows}

    def vectors(self) -> FloatArray:
        """(n, 65) search vectors."""
        return to_vectors(self.vad, self.emoji)


class Library:
    """The index over a catalogue.

    Safe to use from several threads: a search goes on with the index it began with while a new one is made.

    Args:
        catalogue: where the songs are.
        folder: where the index is saved.
        audio_version: of the audio encoder in use; songs that another model scored are left out until they are scored again.
        alpha: weight of the song as a whole in the ranking.
        say: told in one line what had to be rebuilt and why.
    """

    def __init__(self, catalogue: Catalogue, folder: Path, audio_version: str, alpha: float, say: Say | None = None) -> None:
        self.catalogue, self.folder, self.alpha = catalogue, folder, alpha
        self._audio_version = audio_version
        self._say = say or (lambda _: None)
        self._lock = threading.Lock()
        self._index: AffectIndex | None = None
        self._generation = -1
        self._known: dict[int, bytes] = {}
        self.left_out = 0
        self.map = audio_map()
        self.version = index_version(audio_version)

    def index(self) -> AffectIndex:
        """The index of the catalogue as it is now.

        Raises:
            CatalogueError: when the catalogue cannot be read.
        """
        generation = self.catalogue.generation()
        index = self._index
        if index is not None and generation == self._generation:
            return index
        with self._lock:
            if self._index is None:
                self._index = self._loaded(generation)
            elif generation != self._generation:
                self._index = self._updated(self._index)
                self._index.source = str(generation)
            self._generation = generation
            return self._index

    def rebuild(self) -> AffectIndex:
        """Build the index anew from the catalogue and save it."""
        with self._lock:
            generation = self.catalogue.generation()
            self._index = self._built(generation)
            self._generation = generation
            self._save(self._index)
            return self._index

    def save(self) -> None:
        """Save the index where the next start finds it; when that fails it is said, since nothing is lost."""
        with self._lock:
            if self._index is not None:
                self._save(self._index)

    def songs(self, recordings: list[int] | None = None) -> Songs:
        """Calibrated affects of some recordings, or of all."""
        table = self.catalogue.song_table(recordings=recordings)
        return Songs(table.recording_ids, self.map.vad(table.vad), self.map.emoji(table.emoji))

    def usable(self, version: str) -> bool:
        """Whether scores of a version may stand in this index; the starter's always may, since it ships with the encoders."""
        return version.endswith(OUT_OF_FOLD) or version == self._audio_version

    def _loaded(self, generation: int) -> AffectIndex:
        try:
            index = AffectIndex.load(self.folder, self.version, alpha=self.alpha)
            if index.source == str(generation):
                self._known = _rows(self._usable_songs())
                return index
            self._say("Rebuilding the index: the catalogue changed since it was saved.")
        except IndexFileError as error:
            if self.folder.exists():
                self._say(f"Rebuilding the index from the catalogue: {error.problem}.")
        index = self._built(generation)
        self._save(index)
        return index

    def _built(self, generation: int) -> AffectIndex:
        songs = self._usable_songs()
        self._known = _rows(songs)
        segments = self.catalogue.segment_table()
        own = np.isin(segments.recording_ids, songs.recording_ids)
        return AffectIndex.build(
            songs.recording_ids,
            search_vectors(songs.vad, songs.emoji, self.map),
            segments.recording_ids[own],
            segments.starts[own],
            segments.ends[own],
            search_vectors(segments.vad[own], segments.emoji[own], self.map),
            self.version,
            alpha=self.alpha,
            source=str(generation),
        )

    def _updated(self, index: AffectIndex) -> AffectIndex:
        """The index after songs came, went or were scored again, without building it anew."""
        now = _rows(self._usable_songs())
        gone = self._known.keys() - now.keys()
        new = [recording for recording, row in now.items() if self._known.get(recording) != row]
        if gone:
            index.remove(gone)
        if new:
            self._add(index, self.catalogue.song_table(recordings=new), self.catalogue.segment_table(recordings=new))
        self._known = now
        return index

    def _add(self, index: AffectIndex, songs: SongTable, segments: SegmentTable) -> None:
        index.add(
            songs.recording_ids,
            search_vectors(songs.vad, songs.emoji, self.map),
            segments.recording_ids,
            segments.starts,
            segments.ends,
            search_vectors(segments.vad, segments.emoji, self.map),
            self.version,
        )

    def _usable_songs(self) -> SongTable:
        """The songs whose scores belong in this index; the others are counted."""
        table = self.catalogue.song_table()
        keep = self._keep(table.model_versions)
        left_out = int(len(keep) - keep.sum())
        if left_out and left_out != self.left_out:
            songs = "1 song was" if left_out == 1 else f"{left_out:,} songs were"
            self._say(f"{songs} scored by another model and cannot be found until the files are added once more.")
        self.left_out = left_out
        return SongTable(table.recording_ids[keep], table.vad[keep], table.emoji[keep], table.model_versions[keep])

    def _keep(self, versions: NDArray[np.str_]) -> NDArray[np.bool_]:
        usable = {version: self.usable(str(version)) for version in np.unique(versions)}
        return np.asarray([usable[version] for version in versions], dtype=bool)

    def _save(self, index: AffectIndex) -> None:
        try:
            index.save(self.folder)
        except IndexFileError as error:
            self._say(f"The index could not be saved and will be rebuilt at the next start: {error.problem}.")


def audio_map(root: Path = WEIGHTS) -> ModalityMap:
    """The cross-modal map of audio, without loading the network; the identity while none was fitted."""
    return shipped_maps(root)["audio"]


def index_version(audio_version: str) -> str:
    """What an index says it was made with: the audio encoder and the calibration."""
    return f"{audio_version}/{calibration_digest()}"


def calibration_digest(root: Path = WEIGHTS) -> str:
    """12 hex digits that change with the calibration and with the weight of the VAD part."""
    path = root / CALIBRATION
    digest = hashlib.sha256(f"{VAD_WEIGHT}".encode())
    if path.exists():
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _rows(songs: SongTable) -> dict[int, bytes]:
    """What tells a song's scores apart from those of another model: its raw VAD, bit by bit."""
    return {int(recording): row.tobytes() for recording, row in zip(songs.recording_ids, songs.vad, strict=True)}


def sync_starter(catalogue: Catalogue) -> int:
    """Bring the starter catalogue that ships with Emojuke into the catalogue; returns how many songs were written.

    Raises:
        ModelError: when the shipped starter is damaged.
        CatalogueError: when the catalogue cannot be written.
    """
    from engine.starter import FOLDER, load_starter

    digest = hashlib.sha256()
    for file in sorted(FOLDER.glob("*")):
        if file.is_file() and file.suffix in (".jsonl", ".safetensors"):
            status = file.stat()
            digest.update(f"{file.name}:{status.st_size}:{status.st_mtime_ns};".encode())
    stamp = digest.hexdigest()[:16]
    if catalogue.starter_version() == stamp:
        return 0
    return catalogue.sync_starter(load_starter(), stamp)
