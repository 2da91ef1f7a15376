"""Every kind of file somebody may hand in, through the real ffmpeg."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
import threading
import time
import tracemalloc
import wave
from functools import cache
from pathlib import Path

import numpy as np
import psutil
import pytest

from engine.audio import decode
from engine.audio.decode import AudioStream, open_audio, shown
from engine.audio.ffmpeg import ffmpeg_path
from engine.errors import AudioError, EmojukeError, SourceError, ToolError
from tests import audio as synthesis
from tests.audio import RATE, Signal, Studio, noise, silence, tone


@cache
def song(seconds: float) -> Signal:
    """One little song, made once."""
    return synthesis.song(seconds)


def _decoded(path: Path, **options: float) -> tuple[AudioStream, Signal]:
    with open_audio(path, **options) as stream:  # type: ignore[arg-type] # both options are numbers
        pieces = [segment.samples for segment in stream.segments()]
    return stream, np.concatenate(pieces)


def _refused(path: Path, kind: type[EmojukeError] = AudioError, **options: float) -> str:
    with pytest.raises(kind) as caught:
        _decoded(path, **options)
    assert type(caught.value) is kind
    sentence = str(caught.value)
    assert sentence.isprintable()
    assert len(sentence) < 400
    assert ";" in sentence
    return sentence


def _ffmpeg(*arguments: str) -> None:
    subprocess.run([ffmpeg_path(), "-nostdin", "-v", "error", "-y", *arguments], check=True, stdin=subprocess.DEVNULL)


@pytest.fixture(scope="module")
def long_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten minutes of noise."""
    path = tmp_path_factory.mktemp("long") / "long.wav"
    minute = (noise(60.0, rate=8000) * 127 + 128).astype(np.uint8).tobytes()
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(8000)
        for _ in range(10):
            file.writeframes(minute)
    return path


@pytest.mark.parametrize("ending", ["mp3", "flac", "ogg", "opus", "m4a", "wav", "aiff"])
def test_every_format_gives_the_same_sound(audio: Studio, ending: str) -> None:
    signal = song(20.0)[: 17 * RATE]
    stream, samples = _decoded(audio.encode(f"x.{ending}", signal))
    assert stream.duration_s == pytest.approx(17.0, abs=0.05)
    assert stream.notices == ()
    assert samples.dtype == np.float32
    assert len(samples) == 15 * 16_000  # the last two seconds are a short rest
    level = np.sqrt(np.mean(signal**2))
    assert np.sqrt(np.mean(samples**2)) == pytest.approx(level, rel=0.25)
    assert len(stream.fingerprint) > 90


@pytest.mark.parametrize("rate", [8_000, 22_050, 48_000, 96_000])
def test_any_sample_rate_comes_out_at_the_one_asked_for(audio: Studio, rate: int) -> None:
    _, samples = _decoded(audio.wav("x.wav", tone(6.0, 1000.0, rate=rate), rate=rate))
    assert len(samples) == pytest.approx(6 * 16_000, abs=20)
    spectrum = np.abs(np.fft.rfft(samples))
    assert np.argmax(spectrum) * 16_000 / len(samples) == pytest.approx(1000.0, abs=1.0)


@pytest.mark.parametrize("ending", ["wav", "mp3", "flac", "opus", "m4a"])
@pytest.mark.parametrize("channels", [1, 2, 8])
def test_channels_are_mixed_to_one_as_loud_in_every_format(audio: Studio, ending: str, channels: int) -> None:
    if ending == "mp3" and channels > 2:
        pytest.skip("mp3 has two channels at most")
    path = audio.encode(f"x.{ending}", tone(4.0, level=0.5), channels=channels)
    _, samples = _decoded(path)
    assert len(samples) == pytest.approx(4 * 16_000, abs=1600)
    # The subwoofer's channel is left out of the mix, so that more than five channels may come out a little softer.
    assert np.quantile(np.abs(samples), 0.99) == pytest.approx(0.5, rel=0.08 if channels < 6 else 0.25)


def test_more_channels_than_any_layout_has(audio: Studio) -> None:
    stream, _ = _decoded(audio.wav("x.wav", tone(3.0), channels=16))
    assert stream.duration_s == pytest.approx(3.0)


def test_samples_equal_those_of_a_bare_decode(audio: Studio, tmp_path: Path) -> None:
    path = audio.encode("x.mp3", song(6.0))
    raw = tmp_path / "raw.f32"
    _ffmpeg("-i", str(path), "-f", "f32le", "-ar", "16000", "-ac", "1", str(raw))
    np.testing.assert_array_equal(_decoded(path)[1], np.fromfile(raw, dtype="<f4"))


@pytest.mark.parametrize(
    "name", ['it\'s "quoted".wav', "two\nlines.wav", "-i.wav", "%03d.wav", "a:b|c.wav", "ünï çødé 🌧️.wav", "\udcff.wav"]
)
def test_any_file_name(audio: Studio, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    audio.wav("plain.wav", tone(2.0)).rename(audio.folder / name)
    monkeypatch.chdir(audio.folder)
    assert _decoded(Path(name))[0].duration_s == pytest.approx(2.0)
    assert shown(Path(name)).isprintable()


def test_a_second_is_enough_and_less_is_not(audio: Studio) -> None:
    stream, samples = _decoded(audio.encode("one.mp3", tone(1.0)))
    assert len(samples) == pytest.approx(16_000, abs=800)
    assert len(stream.fingerprint) > 0
    assert "only 0.40 s" in _refused(audio.wav("short.wav", tone(0.4)))


@pytest.mark.parametrize("ending", ["wav", "mp3", "opus"])
def test_silence_is_refused(audio: Studio, ending: str) -> None:
    assert "holds only silence" in _refused(audio.encode(f"x.{ending}", silence(6.0)))


def test_the_quietest_music_is_not_silence(audio: Studio) -> None:
    assert _decoded(audio.wav("x.wav", tone(3.0, level=0.001)))[0].duration_s == pytest.approx(3.0)


def test_silence_up_to_the_dropped_rest_is_not_all_there_is(audio: Studio) -> None:
    signal = np.concatenate([silence(15.0), tone(3.0)])
    assert _decoded(audio.wav("x.wav", signal))[0].duration_s == pytest.approx(18.0)


def test_a_truncated_mp3_counts_as_far_as_it_goes(audio: Studio) -> None:
    path = audio.encode("x.mp3", song(20.0))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 3])
    stream, samples = _decoded(path)
    assert 6.0 < stream.duration_s < 10.0
    assert len(samples) / 16_000 == pytest.approx(stream.duration_s)
    assert len(stream.notices) == 1
    assert "cut short" in stream.notices[0]


@pytest.mark.parametrize("ending", ["flac", "wav", "ogg", "opus", "aiff"])
def test_other_truncated_files_count_as_far_as_they_go(audio: Studio, ending: str) -> None:
    path = audio.encode(f"x.{ending}", song(20.0))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 3])
    assert 3.0 < _decoded(path)[0].duration_s < 20.0


def test_a_truncated_m4a_has_lost_its_table_of_contents(audio: Studio) -> None:
    path = audio.encode("x.m4a", song(20.0))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 3])
    assert "not an audio file" in _refused(path)


def test_a_damaged_middle_is_noticed(audio: Studio) -> None:
    path = audio.encode("x.flac", song(20.0))
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 20_000] = np.random.default_rng(0).bytes(20_000)
    path.write_bytes(content)
    stream, _ = _decoded(path)
    assert len(stream.notices) == 1


def test_a_film_counts_by_its_sound(audio: Studio) -> None:
    sound = audio.wav("x.wav", song(6.0))
    film = audio.folder / "film.mp4"
    _ffmpeg("-f", "lavfi", "-i", "testsrc=size=64x64:rate=5:duration=9", "-i", str(sound), "-c:v", "mpeg4", str(film))
    stream, _ = _decoded(film)
    assert stream.duration_s == pytest.approx(6.0, abs=0.1)
    assert stream.notices == ()
    mute = audio.folder / "mute.mp4"
    _ffmpeg("-i", str(film), "-an", "-c:v", "copy", str(mute))
    assert "holds no audio track" in _refused(mute)


def test_cover_art_is_not_looked_at(audio: Studio) -> None:
    plain = audio.encode("plain.mp3", song(6.0))
    cover, path = audio.folder / "cover.png", audio.folder / "x.mp3"
    _ffmpeg("-f", "lavfi", "-i", "testsrc=size=64x64:rate=1:duration=1", "-frames:v", "1", str(cover))
    _ffmpeg("-i", str(plain), "-i", str(cover), "-map", "0", "-map", "1", "-c", "copy", "-disposition:v", "attached_pic", str(path))
    np.testing.assert_array_equal(_decoded(path)[1], _decoded(plain)[1])


def test_the_first_of_several_audio_tracks_counts(audio: Studio) -> None:
    first, second, path = audio.wav("1.wav", tone(4.0, 500.0)), audio.wav("2.wav", tone(4.0, 2000.0)), audio.folder / "x.webm"
    _ffmpeg("-i", str(first), "-i", str(second), "-map", "0", "-map", "1", "-c:a", "libopus", str(path))
    samples = _decoded(path)[1]
    assert np.argmax(np.abs(np.fft.rfft(samples))) * 16_000 / len(samples) == pytest.approx(500.0, abs=2.0)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("empty.mp3", b"", "is empty"),
        ("text.mp3", b"These are words and no song.\n" * 500, "not an audio file"),
        ("zeros.wav", bytes(100_000), "not an audio file"),
        ("picture.mp3", b"\x89PNG\r\n\x1a\n" + bytes(500), "not an audio file"),
        ("header.wav", b"RIFF\xff\xff\xff\xffWAVEfmt ", "not an audio file"),
        ("tag.mp3", b"ID3\x04\x00\x00\x00\x00\x0f\x76" + bytes(2038), "not an audio file"),
    ],
)
def test_what_is_not_audio(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert words in _refused(path)


def test_random_bytes_never_raise_anything_else(tmp_path: Path) -> None:
    generator = np.random.default_rng(1)
    for i, start in enumerate((b"", b"ID3\x03", b"fLaC", b"OggS\x00\x02", b"\xff\xfb\x90\x00" * 40, b"FORM\x00\x00\x10\x00AIFF")):
        path = tmp_path / f"{i}.mp3"
        path.write_bytes(start + generator.bytes(20_000))
        with pytest.raises(AudioError):
            _decoded(path)


def test_what_is_not_a_file(tmp_path: Path) -> None:
    assert "no such file" in _refused(tmp_path / "gone.mp3", SourceError)
    assert "is not a file" in _refused(tmp_path, SourceError)
    assert "not a possible name" in _refused(tmp_path / "nul\0l.mp3", SourceError)
    pipe = tmp_path / "pipe.mp3"
    os.mkfifo(pipe)
    assert "is not a file" in _refused(pipe, SourceError)
    assert "cannot be read" in _refused(tmp_path / ("x" * 5000), SourceError)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
def test_a_file_without_permission(audio: Studio) -> None:
    path = audio.wav("x.wav", tone(1.0))
    path.chmod(0)
    assert "permission denied" in _refused(path, SourceError)


@pytest.mark.parametrize("ending", ["wav", "aac"])  # one says how long it is, the other does not
def test_a_file_beyond_the_limit_is_refused(audio: Studio, ending: str) -> None:
    path = audio.encode(f"x.{ending}", noise(30.0))
    assert "too long" in _refused(path, max_duration_s=20.0)
    assert _decoded(path, max_duration_s=40.0)[0].duration_s == pytest.approx(30.0, abs=0.2)


@pytest.mark.parametrize(
    "playlist",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{target}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile '{target}'\n",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio {port} RTP/AVP 0\n",
    ],
)
@pytest.mark.parametrize("remote", [True, False])
def test_a_file_cannot_make_ffmpeg_open_another(audio: Studio, playlist: str, remote: bool) -> None:
    secret = audio.encode("secret.mp3", tone(3.0))
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        path = audio.folder / "list.mp3"
        path.write_text(playlist.format(target=f"http://127.0.0.1:{port}/x.mp3" if remote else secret, port=port))
        _refused(path)
        server.setblocking(False)
        with pytest.raises(BlockingIOError):
            server.accept()


def test_numbers_that_are_none_are_repaired(audio: Studio) -> None:
    signal = tone(4.0)
    signal[1000:1010] = [np.nan, np.inf, -np.inf, 1e30, -1e30, np.nan, 7.0, -7.0, 3e38, 0.0]
    raw, path = audio.folder / "x.f32", audio.folder / "x.wav"
    raw.write_bytes(signal.astype("<f4").tobytes())
    _ffmpeg("-f", "f32le", "-ar", str(RATE), "-ac", "1", "-i", str(raw), "-c:a", "pcm_f32le", str(path))
    stream, samples = _decoded(path)
    assert np.isfinite(samples).all()
    assert np.abs(samples).max() <= decode.MAX_SAMPLE
    assert "damaged" in stream.notices[0]


def test_memory_does_not_grow_with_the_file(long_file: Path) -> None:
    tracemalloc.start()
    try:
        with open_audio(long_file) as stream:
            count = sum(1 for _ in stream.segments())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 40
    assert peak < 8_000_000  # the samples of the whole file are 38 MB


def test_the_segments_are_there_once(audio: Studio) -> None:
    with open_audio(audio.wav("x.wav", tone(2.0))) as stream:
        list(stream.segments())
        with pytest.raises(ValueError, match="once"):
            next(stream.segments())


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, GeneratorExit])
def test_no_child_outlives_its_block(long_file: Path, error: type[BaseException]) -> None:
    before = set(psutil.Process().children())

    def leave_early() -> None:
        with open_audio(long_file) as stream:
            next(stream.segments())
            assert set(psutil.Process().children()) - before
            raise error

    with pytest.raises(error):
        leave_early()
    assert not set(psutil.Process().children()) - before


def test_no_child_outlives_a_process_that_is_killed(long_file: Path) -> None:
    script = (
        "import sys, time, psutil\n"
        "from engine.audio.decode import open_audio\n"
        "with open_audio(sys.argv[1]) as stream:\n"
        "    next(stream.segments())\n"
        "    print(*(child.pid for child in psutil.Process().children()), flush=True)\n"
        "    time.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script, str(long_file)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        children = [psutil.Process(int(pid)) for pid in process.stdout.readline().split()]
        process.kill()
    assert len(children) == 1
    _, alive = psutil.wait_procs(children, timeout=60)
    assert not [child for child in alive if child.status() != psutil.STATUS_ZOMBIE]  # in a container nobody may collect orphans


def test_closing_twice_is_no_error(long_file: Path) -> None:
    with open_audio(long_file) as stream:
        next(stream.segments())
        stream.close()


def test_a_killed_child_ends_the_stream(long_file: Path) -> None:
    with open_audio(long_file) as stream:
        segments = stream.segments()
        next(segments)
        threading.Timer(0.05, stream.kill).start()
        time.sleep(0.2)
        rest = list(segments)
    assert len(rest) < 35


def _stand_in(path: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(decode, "ffmpeg_path", lambda: str(path))
    monkeypatch.setattr(decode, "can_fingerprint", lambda _: True)


def test_an_ffmpeg_that_hangs_is_given_up(audio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = audio.wav("x.wav", tone(1.0))
    _stand_in(tmp_path / "hangs", "exec sleep 60", monkeypatch)
    monkeypatch.setattr(decode, "STALL_S", 0.2)
    assert "got stuck" in _refused(path)


def test_an_ffmpeg_that_closes_its_pipes_and_stays_is_given_up(audio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = audio.wav("x.wav", tone(1.0))
    _stand_in(tmp_path / "stays", 'for fd in 1 2 3 4 5 6 7 8 9; do eval "exec $fd>&-"; done\nexec sleep 60', monkeypatch)
    monkeypatch.setattr(decode, "STALL_S", 0.2)
    assert "got stuck" in _refused(path)


def test_an_ffmpeg_that_keeps_us_waiting_is_given_up(audio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = audio.wav("x.wav", tone(1.0))
    _stand_in(tmp_path / "drips", "while :; do echo drip >&2; sleep 0.02; done", monkeypatch)
    monkeypatch.setattr(decode, "PATIENCE_S", 0.2)
    assert "got stuck" in _refused(path)


def test_a_missing_ffmpeg_is_not_the_fault_of_the_file(audio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    path = audio.wav("x.wav", tone(1.0))
    before = psutil.Process().num_fds()
    monkeypatch.setattr(decode, "ffmpeg_path", lambda: "/nowhere/ffmpeg")
    monkeypatch.setattr(decode, "can_fingerprint", lambda _: True)
    assert "could not be started" in _refused(path, ToolError)
    assert psutil.Process().num_fds() == before


def test_without_chromaprint_there_is_no_fingerprint(audio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    path = audio.wav("x.wav", tone(4.0))
    monkeypatch.setattr(decode, "can_fingerprint", lambda _: False)
    stream, samples = _decoded(path)
    assert len(stream.fingerprint) == 0
    assert len(samples) == 4 * 16_000


def test_file_descriptors_are_given_back(audio: Studio) -> None:
    path = audio.wav("x.wav", tone(1.0))
    _decoded(path)
    before = psutil.Process().num_fds()
    for _ in range(5):
        _decoded(path)
    assert psutil.Process().num_fds() == before
