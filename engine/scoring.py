"""Scores files: ffmpeg children decode in parallel, their segments meet in one bounded queue, the network takes them in batches."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.affect import FloatArray
from engine.audio.decode import AudioStream, open_audio
from engine.audio.segments import Segment
from engine.encoders.base import AudioEncoder, AudioScore
from engine.errors import AudioError, EmojukeError, SourceError

#: Segments the network takes at once.
BATCH = 16

#: Decoded segments that may wait for it, about 1 MB each.
WAITING = 3 * BATCH

#: Processors for each thread of the network. Decoding takes four times as long as scoring and has a process of its own for each processor;
#: more threads would spin while they wait for each other and take its time (on two processors, two threads make a run twice as long).
_PROCESSORS_PER_THREAD = 4

_TICK_S = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class ScoredRecording:
    """What scoring finds out about one recording. All scores are raw: before the cross-modal map.

    Attributes:
        duration_s: length of the decoded audio in seconds.
        fingerprint: (f,) uint32 raw Chromaprint words.
        model_version: version of the encoder that made the scores.
        song_vad: (3,) float32 in [0, 1].
        song_emoji: (62,) float32 on the simplex.
        starts: (n,) float32, where the segments start, in seconds.
        ends: (n,) float32, where they end.
        segments: scores of the n segments.
        notices: sentences for the user about what is not quite right with the file.
    """

    duration_s: float
    fingerprint: NDArray[np.uint32]
    model_version: str
    song_vad: FloatArray
    song_emoji: FloatArray
    starts: FloatArray
    ends: FloatArray
    segments: AudioScore
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ScoreFailure:
    """A file that could not be scored, and why."""

    path: Path
    error: EmojukeError


@dataclass(slots=True, eq=False)
class _Job:
    """One file between its first segment and its result."""

    path: Path
    scores: list[AudioScore] = field(default_factory=list)
    bounds: list[tuple[float, float]] = field(default_factory=list)


@dataclass(frozen=True, slots=True, eq=False)
class _End:
    """The last item a worker sends for a file: what the decoder knows at its end, or what went wrong, with this file or altogether."""

    duration_s: float = 0.0
    fingerprint: NDArray[np.uint32] = field(default_factory=lambda: np.empty(0, dtype=np.uint32))
    notices: tuple[str, ...] = ()
    failure: EmojukeError | None = None
    fatal: BaseException | None = None


_Item = tuple[_Job, Segment | _End]


class Scorer:
    """Turns audio files into scores with one encoder.

    Args:
        encoder: the network, or anything that keeps its contract.
        max_duration_s: longest recording accepted; see :func:`engine.audio.decode.open_audio`.
        batch: segments the network takes at once.
        threads: threads of the network while files are scored; when not given, one for four processors, but no more than torch was set to.
    """

    def __init__(
        self, encoder: AudioEncoder, *, max_duration_s: float | None = None, batch: int = BATCH, threads: int | None = None
    ) -> None:
        self.encoder = encoder
        self._max_duration_s = max_duration_s
        self._batch = batch
        self._threads = threads

    def score_file(self, path: Path) -> ScoredRecording:
        """Score one file.

        Raises:
            AudioError: when it holds nothing that can be scored.
            SourceError: when it cannot be read.
            ToolError: when there is no ffmpeg.
            ModelError: when the network fails.
        """
        for _, result in self.score_files([path], workers=1):
            if isinstance(result, ScoreFailure):
                raise result.error
            return result
        raise AssertionError("score_files gives one result per file")

    def score_files(self, paths: Iterable[Path], workers: int | None = None) -> Iterator[tuple[Path, ScoredRecording | ScoreFailure]]:
        """Score files and give each result as soon as it is there, in order of completion.

        Memory stays bounded however many and however long the files are: paths are taken as they are needed, and decoding waits for the
        network and for whoever uses the results. Leaving the loop early, or an exception in it, ends all decoding at once.

        Args:
            paths: the files.
            workers: files decoded at the same time; one per processor when not given.

        Raises:
            ToolError: when there is no ffmpeg; nothing further would succeed. Whatever ``paths`` raises is raised here as well.
            ModelError: when the network fails.
        """
        decoders = _Decoders(paths, workers or _processors(), self.encoder.sample_rate, self._max_duration_s)
        with _network_threads(self._threads), decoders:
            for batch in decoders.batches(self._batch):
                self._score([(job, item) for job, item in batch if isinstance(item, Segment)])
                for job, item in batch:
                    if isinstance(item, _End):
                        yield job.path, self._finish(job, item)

    def _score(self, batch: list[tuple[_Job, Segment]]) -> None:
        if not batch:
            return
        scores = self.encoder.score([segment.samples for _, segment in batch])
        for i, (job, segment) in enumerate(batch):
            one = slice(i, i + 1)
            job.scores.append(AudioScore(scores.vad[one], scores.emoji[one], scores.embedding[one], scores.uncertainty[one]))
            job.bounds.append((segment.start_s, segment.end_s))

    def _finish(self, job: _Job, end: _End) -> ScoredRecording | ScoreFailure:
        if end.fatal is not None:
            raise end.fatal
        if end.failure is not None:
            return ScoreFailure(job.path, end.failure)
        segments = AudioScore(
            vad=np.concatenate([score.vad for score in job.scores]),
            emoji=np.concatenate([score.emoji for score in job.scores]),
            embedding=np.concatenate([score.embedding for score in job.scores]),
            uncertainty=np.concatenate([score.uncertainty for score in job.scores]),
        )
        vad, emoji = self.encoder.pool(segments)
        bounds = np.asarray(job.bounds, dtype=np.float32)
        return ScoredRecording(
            duration_s=end.duration_s,
            fingerprint=end.fingerprint,
            model_version=self.encoder.version,
            song_vad=vad,
            song_emoji=emoji,
            starts=bounds[:, 0],
            ends=bounds[:, 1],
            segments=segments,
            notices=end.notices,
        )


class _Decoders:
    """Threads that each run one ffmpeg child after the other and put what it sends into one bounded queue."""

    def __init__(self, paths: Iterable[Path], workers: int, sample_rate: int, max_duration_s: float | None) -> None:
        self._paths = iter(paths)
        self._lock = threading.Lock()
        self._sample_rate = sample_rate
        self._max_duration_s = max_duration_s
        self._queue: queue.Queue[_Item | None] = queue.Queue(WAITING)
        self._stopping = threading.Event()
        self._streams: set[AudioStream] = set()
        self._threads = [threading.Thread(target=self._work, name=f"decode-{i}", daemon=True) for i in range(workers)]

    def __enter__(self) -> _Decoders:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._stopping.set()
            for stream in self._streams:
                stream.kill()
        for thread in self._threads:
            thread.join()

    def batches(self, size: int) -> Iterator[list[_Item]]:
        """Items in batches of up to ``size`` segments, filled while files are coming: a full batch costs less a segment."""
        running = len(self._threads)
        batch: list[_Item] = []
        segments = 0
        while running:
            item = self._queue.get()
            if item is None:
                running -= 1
                continue
            batch.append(item)
            segments += isinstance(item[1], Segment)
            if segments >= size or (segments == 0 and len(batch) >= size):
                yield batch
                batch, segments = [], 0
        if batch:
            yield batch

    def _work(self) -> None:
        try:
            while (path := self._next()) is not None and not self._stopping.is_set():
                job = _Job(path)
                self._put((job, self._decode(job)))
        except BaseException as error:  # noqa: BLE001 - a thread has nobody to raise to; the main thread raises it
            self._put((_Job(Path()), _End(fatal=error)))
        finally:
            self._put(None)

    def _next(self) -> Path | None:
        with self._lock:
            return next(self._paths, None)

    def _decode(self, job: _Job) -> _End:
        try:
            with open_audio(job.path, sample_rate=self._sample_rate, max_duration_s=self._max_duration_s) as stream:
                self._register(stream)
                try:
                    for segment in stream.segments():
                        if not self._put((job, segment)):
                            break
                finally:
                    with self._lock:
                        self._streams.discard(stream)
                return _End(stream.duration_s, stream.fingerprint, stream.notices)
        except (AudioError, SourceError) as error:
            return _End(failure=error)

    def _register(self, stream: AudioStream) -> None:
        with self._lock:
            self._streams.add(stream)
            if self._stopping.is_set():
                stream.kill()

    def _put(self, item: _Item | None) -> bool:
        """Wait for room; False when the run was stopped meanwhile."""
        while not self._stopping.is_set():
            try:
                self._queue.put(item, timeout=_TICK_S)
            except queue.Full:
                continue
            return True
        return False


@contextmanager
def _network_threads(count: int | None) -> Iterator[None]:
    """Let torch use ``count`` threads inside, see :class:`Scorer`."""
    import torch  # late, because the dataclasses of this module are imported by what computes nothing

    before = torch.get_num_threads()
    torch.set_num_threads(count or max(1, min(before, _processors() // _PROCESSORS_PER_THREAD)))
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _processors() -> int:
    """Processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
