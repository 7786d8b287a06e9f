"""Files made to do harm end in clean errors: soon, in little memory, and with nothing of the machinery in what is said.

Time and memory are compared with those of the sound site beside them, so a slow or busy machine changes nothing.
"""

from __future__ import annotations

import time
import tracemalloc
from pathlib import Path

import pytest
from test_bad_flows import CASES, NAMES, TODAY, base, report_of

from engine.config import check_site
from engine.config.codes import CODES
from engine.config.report import Report
from engine.config.source import read

HOSTILE = [name for name in NAMES if name.startswith("hostile-")]
#: How much more time and memory a hostile site may take than a sound one of 16 lines. A file of the greatest size is 2,500 times as long.
TIMES, MEMORY = 400, 200


def cost(work: Path) -> tuple[float, int]:
    """CPU seconds and peak bytes of checking the site in a folder."""
    tracemalloc.start()
    try:
        begun = time.process_time()
        check_site(work / "ivr_flows", TODAY)
        return time.process_time() - begun, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> tuple[float, int]:
    folder = tmp_path_factory.mktemp("sound")
    base(folder)
    cost(folder)  # what is made once is not counted
    return cost(folder)


def test_there_are_at_least_thirty() -> None:
    assert len(HOSTILE) >= 30


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_file_costs_little(case: str, tmp_path: Path, usual: tuple[float, int]) -> None:
    report_of(case, tmp_path)
    seconds, peak = cost(tmp_path)
    assert seconds < TIMES * usual[0]
    assert peak < MEMORY * usual[1]


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_file_is_answered_in_our_words(case: str) -> None:
    text = (CASES / case / "expected.txt").read_text("utf-8")
    assert any(f"[{code}]" in text for code in CODES)
    assert not any(
        word in text for word in ("Traceback", "yaml.", "Error:", "codec", "object at 0x", "NoneType")
    )


def test_a_link_that_leads_nowhere_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "gone.yaml").symlink_to(tmp_path / "nowhere.yaml")
    report = Report()
    assert read(tmp_path / "gone.yaml", "gone.yaml", report) is None
    assert [p.code for p in report.problems] == ["cannot-read"]
