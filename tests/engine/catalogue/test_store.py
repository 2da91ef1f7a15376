"""Opening, updating, locking, backing up: what the file goes through."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database

from engine.catalogue import LOCAL_GUILD, Catalogue
from engine.catalogue.store import KEPT_BACKUPS
from engine.errors import CatalogueError
from migrations import STEPS, schema
from tests.engine.catalogue.making import scored


def names(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return [row[0] for row in connection.execute("SELECT name FROM _sqlite_migrations ORDER BY id")]


def old_catalogue(path: Path, stop_before: str) -> None:
    """A catalogue as an earlier version left it, with one guild in it."""
    with closing(sqlite3.connect(path)) as connection:
        db = Database(connection)
        schema.apply(db, stop_before=stop_before)
        db.execute("INSERT INTO guilds (id) VALUES (77)")


def test_a_new_catalogue_gets_every_step_and_no_backup(tmp_path: Path) -> None:
    told: list[tuple[int, int, str]] = []
    with Catalogue(tmp_path / "deep" / "er" / "catalogue.db", progress=lambda *step: told.append(step)) as catalogue:
        assert catalogue.count_tracks([LOCAL_GUILD]) == 0
        assert catalogue.backups() == []
        applied = names(catalogue.path)
    assert len(applied) == len(STEPS)
    assert [f"m{name}" for name in applied] == list(STEPS), "a step's name is its file's"
    assert told == [*((i, len(STEPS), name) for i, name in enumerate(applied)), (len(STEPS), len(STEPS), "")]


def test_pragmas(catalogue: Catalogue) -> None:
    with catalogue.reading() as db:
        assert db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        assert db.execute("PRAGMA foreign_keys").fetchone()[0] == 1
        assert db.execute("PRAGMA busy_timeout").fetchone()[0] == 30_000
    with catalogue.transaction() as db:
        assert db.execute("PRAGMA foreign_keys").fetchone()[0] == 1


def test_an_older_file_is_backed_up_and_then_updated(tmp_path: Path) -> None:
    path = tmp_path / "catalogue [1].db"  # brackets mean something to glob
    old_catalogue(path, "0003_votes")
    with Catalogue(path) as catalogue:
        (backup,) = catalogue.backups()
        with catalogue.reading() as db:
            assert db.execute("SELECT id FROM guilds").fetchall() == [(77,)]
            assert db.execute("SELECT count(*) FROM votes").fetchone() == (0,)
    assert "before-0003_votes" in backup.name
    assert names(backup) == names(path)[:2]
    with closing(sqlite3.connect(backup)) as connection:
        assert connection.execute("SELECT id FROM guilds").fetchall() == [(77,)]
    with Catalogue(path) as catalogue:
        assert catalogue.backups() == [backup], "nothing to update, nothing to back up"


def test_only_the_newest_backups_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.db"
    older = [path.with_name(f"catalogue.db.20200101T0000{i:02d}000000000.before-0002_tracks.backup") for i in range(5)]
    for file in older:
        file.touch()
    bystander = tmp_path / "catalogue.db.mine"
    bystander.touch()
    old_catalogue(path, "0003_votes")
    with Catalogue(path) as catalogue:
        kept = catalogue.backups()
    assert len(kept) == KEPT_BACKUPS
    assert kept[1:] == [older[4], older[3]]
    assert bystander.exists()


def test_a_failing_step_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.db"
    old_catalogue(path, "0003_votes")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE jobs (id INTEGER PRIMARY KEY)")  # step 4 will stumble over it, after step 3 went well
        connection.commit()
    with pytest.raises(CatalogueError, match="already exists"):
        Catalogue(path)
    assert names(path) == ["0001_recordings", "0002_tracks"]


def test_rows_that_would_point_at_nothing_stop_the_update(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.db"
    old_catalogue(path, "0003_votes")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("INSERT INTO fingerprint_keys (key, recording_id) VALUES (5, 99)")
        connection.commit()
    with pytest.raises(CatalogueError, match="1 rows would point at nothing"):
        Catalogue(path)
    assert names(path) == ["0001_recordings", "0002_tracks"]


def test_a_newer_file_is_refused_untouched(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.db"
    Catalogue(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('emojuke', '9000_future', '')")
        connection.commit()
    before = path.read_bytes()
    with pytest.raises(CatalogueError, match=r"newer Emojuke \(schema 9000_future.*update Emojuke"):
        Catalogue(path)
    assert path.read_bytes() == before


def test_another_programs_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "photos.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE photos (id)")
    with pytest.raises(CatalogueError, match=r"another program.*EMOJUKE_HOME"):
        Catalogue(path)


def test_a_file_that_is_no_database_is_refused_untouched(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.db"
    path.write_bytes(b"certainly not a database\n" * 400)
    with pytest.raises(CatalogueError, match=r"not a catalogue or is damaged.*restore a backup"):
        Catalogue(path)
    assert path.read_bytes().startswith(b"certainly")


def read_all(path: Path) -> None:
    with Catalogue(path) as catalogue:
        catalogue.segment_table()
        catalogue.tracks([LOCAL_GUILD])


def test_a_file_cut_in_half_says_so(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.db"
    with Catalogue(path) as catalogue:
        for seed in range(30):
            catalogue.add_track(LOCAL_GUILD, catalogue.add_recording(scored(seed)), f"song {seed}")
    os.truncate(path, path.stat().st_size // 2)
    with pytest.raises(CatalogueError, match="damaged"):
        read_all(path)


def test_a_folder_in_the_files_place(tmp_path: Path) -> None:
    (tmp_path / "catalogue.db").mkdir()
    with pytest.raises(CatalogueError, match=r"cannot be opened.*make .* writable"):
        Catalogue(tmp_path / "catalogue.db")


def test_a_file_in_the_folders_place(tmp_path: Path) -> None:
    (tmp_path / "home").touch()
    with pytest.raises(CatalogueError, match=r"cannot be opened.*EMOJUKE_HOME"):
        Catalogue(tmp_path / "home" / "catalogue.db")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root and Windows may write into a read-only folder")
def test_a_read_only_folder(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(CatalogueError, match=r"cannot be opened for writing.*make .* writable"):
            Catalogue(tmp_path / "catalogue.db")
    finally:
        tmp_path.chmod(0o700)


def test_a_full_disk_keeps_what_was_stored(catalogue: Catalogue) -> None:
    catalogue.add_track(LOCAL_GUILD, catalogue.add_recording(scored(1)), "kept")
    with catalogue.transaction() as db:
        pages = db.execute("PRAGMA page_count").fetchone()[0]
        db.execute(f"PRAGMA max_page_count = {pages + 1}")  # SQLite itself then reports a full disk
    with pytest.raises(CatalogueError, match=r"disk is full.*free some space"):
        catalogue.add_recording(scored(2, segments=400))
    assert [track.title for track in catalogue.tracks([LOCAL_GUILD])] == ["kept"]
    assert len(catalogue.song_table().recording_ids) == 1


def test_locked_by_another_process(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.db"
    Catalogue(path).close()
    script = (
        "import sqlite3, sys\n"
        "connection = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "connection.execute('BEGIN IMMEDIATE')\n"
        "print('locked', flush=True)\n"
        "sys.stdin.readline()\n"
    )
    with subprocess.Popen([sys.executable, "-c", script, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "locked\n"
        with Catalogue(path, busy_timeout_s=0.1) as catalogue:
            with pytest.raises(CatalogueError, match=r"locked by another process and was not free within 0\.1 s; wait for"):
                catalogue.set_meta("colour", "blue")
            assert catalogue.meta("colour") is None, "reading goes on meanwhile"
            other.communicate("\n")
            catalogue.set_meta("colour", "blue")
            assert catalogue.meta("colour") == "blue"


def test_many_processes_may_open_a_new_catalogue_at_once(tmp_path: Path) -> None:
    script = "import sys; from engine.catalogue import Catalogue; c = Catalogue(sys.argv[1]); c.set_meta(sys.argv[2], 'here'); c.close()"
    children = [subprocess.Popen([sys.executable, "-c", script, str(tmp_path / "c.db"), f"child{i}"]) for i in range(3)]
    assert [child.wait() for child in children] == [0, 0, 0]
    with Catalogue(tmp_path / "c.db") as catalogue:
        assert [catalogue.meta(f"child{i}") for i in range(3)] == ["here"] * 3


def test_threads_write_and_read_at_once(catalogue: Catalogue) -> None:
    failures: list[BaseException] = []

    def work(first: int) -> None:
        try:
            for seed in range(first, first + 5):
                recording_id = catalogue.add_recording(scored(seed))
                catalogue.add_track(LOCAL_GUILD, recording_id, f"song {seed}")
                assert catalogue.recording(recording_id).duration_s == 30.0
        except BaseException as error:  # noqa: BLE001 - reported to the test's own thread
            failures.append(error)

    threads = [threading.Thread(target=work, args=(first,)) for first in range(0, 40, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert catalogue.count_tracks([LOCAL_GUILD]) == 40


def test_a_transaction_is_all_or_nothing_and_nests(catalogue: Catalogue) -> None:
    def set_and_fail(key: str) -> None:
        with catalogue.transaction():
            catalogue.set_meta(key, "1")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        set_and_fail("a")
    assert catalogue.meta("a") is None
    with catalogue.transaction():
        catalogue.set_meta("a", "2")
        assert catalogue.meta("a") == "2", "a thread sees what it wrote"
        with pytest.raises(RuntimeError):
            set_and_fail("b")
    assert (catalogue.meta("a"), catalogue.meta("b")) == ("2", None)


def test_readers_cannot_write(catalogue: Catalogue) -> None:
    with pytest.raises(CatalogueError), catalogue.reading() as db:
        db.execute("DELETE FROM meta")
    assert catalogue.meta("generation") == "0"


def test_backup_is_whole_and_replaces_in_one_go(catalogue: Catalogue, tmp_path: Path) -> None:
    catalogue.set_meta("colour", "blue")
    target = tmp_path / "copy.db"
    target.write_text("an older one")
    assert catalogue.backup(target) == target
    with Catalogue(target) as copy:
        assert copy.meta("colour") == "blue"
    assert not target.with_name("copy.db.part").exists()
    with pytest.raises(CatalogueError):
        catalogue.backup(tmp_path / "nowhere" / "copy.db")


def test_a_closed_catalogue_says_so(tmp_path: Path) -> None:
    catalogue = Catalogue(tmp_path / "catalogue.db")
    catalogue.close()
    catalogue.close()
    with pytest.raises(CatalogueError, match="closed"):
        catalogue.meta("a")
    with pytest.raises(CatalogueError, match="closed"):
        catalogue.set_meta("a", "b")
