"""Jobs: counted by their items, and found interrupted when their process has died."""

from __future__ import annotations

import subprocess
import sys

import pytest

from engine.catalogue import Catalogue
from engine.catalogue.jobs import KEPT_JOBS
from engine.errors import NotFoundError


def test_a_job_counts_its_items(catalogue: Catalogue) -> None:
    job_id = catalogue.start_job(5, "import", ["/a", "/b\udcff", "/c", "/d"], added_by=9)
    catalogue.finish_items(job_id, [(0, "added", None), (1, "failed", "it is empty")])
    job = catalogue.job(job_id)
    assert (job.guild_id, job.kind, job.state, job.added_by, job.ended_at) == (5, "import", "running", 9, None)
    assert job.counts == {"pending": 2, "added": 1, "known": 0, "failed": 1}
    (failed,) = catalogue.job_items(job_id, "failed")
    assert (failed.position, failed.source, failed.reason) == (1, "/b\udcff", "it is empty")
    assert [item.state for item in catalogue.job_items(job_id)] == ["added", "failed", "pending", "pending"]
    catalogue.end_job(job_id)
    job = catalogue.job(job_id)
    assert job.state == "done"
    assert job.ended_at is not None
    with pytest.raises(NotFoundError, match="no job 999"):
        catalogue.job(999)


def test_a_job_whose_process_died_is_interrupted(catalogue: Catalogue) -> None:
    script = "import sys; from engine.catalogue import Catalogue; print(Catalogue(sys.argv[1]).start_job(5, 'import', ['/a']))"
    child = subprocess.run([sys.executable, "-c", script, str(catalogue.path)], check=True, capture_output=True, text=True)
    dead = int(child.stdout)
    assert catalogue.job(dead).state == "running", "nobody has looked yet"
    alive = catalogue.start_job(5, "import", ["/b"])
    other = catalogue.start_job(6, "import", ["/c"])
    assert [catalogue.job(job_id).state for job_id in (dead, alive, other)] == ["interrupted", "running", "running"]


def test_a_process_that_only_inherited_the_number_is_not_the_job(catalogue: Catalogue) -> None:
    job_id = catalogue.start_job(5, "import", ["/a"])
    with catalogue.transaction() as db:
        db.execute("UPDATE jobs SET started_at = 1000")  # long before this process began
    catalogue.start_job(5, "import", ["/a"])
    assert catalogue.job(job_id).state == "interrupted"


def test_old_jobs_go(catalogue: Catalogue) -> None:
    running = catalogue.start_job(5, "import", ["/r"])
    for _ in range(KEPT_JOBS + 5):
        catalogue.end_job(catalogue.start_job(5, "import", ["/a"]))
    kept = catalogue.jobs(5)
    assert len(kept) == KEPT_JOBS + 1
    assert kept[0].job_id > kept[1].job_id
    assert kept[-1].job_id == running
    with catalogue.reading() as db:
        assert db.execute("SELECT count(*) FROM job_items").fetchone() == (KEPT_JOBS + 1,)
