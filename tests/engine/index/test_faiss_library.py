"""FAISS is imported late, and its absence has a mend."""

from __future__ import annotations

import subprocess
import sys

import pytest

from engine.errors import ToolError
from engine.index.faiss_library import faiss


def test_a_small_catalogue_is_searched_without_waiting_for_faiss() -> None:
    program = (
        "import sys, numpy as np\n"
        "from engine.index import AffectIndex\n"
        "v = np.eye(65, dtype=np.float32)\n"
        "i = AffectIndex.build(range(65), v, range(65), np.zeros(65), np.ones(65), v, 'x')\n"
        "assert i.search(v[3], 1)[0].recording_id == 3\n"
        "print('faiss' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_without_faiss_a_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    faiss.cache_clear()
    monkeypatch.setitem(sys.modules, "faiss", None)
    with pytest.raises(ToolError, match=r"emojuke\[cpu\]"):
        faiss()
    monkeypatch.undo()
    assert faiss().IndexFlatL2(65).d == 65
