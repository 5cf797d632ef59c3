"""The notebook with pictures: executed again over the demo's database it comes out as it is stored."""

import base64
import json
import re
import sqlite3
import subprocess
import sys

import pytest

from helpers.athletes import demo
from helpers.extension import ROOT
from helpers.tools import environment

pytestmark = pytest.mark.unsanitized  # other programs

RUN = "import sys, nbformat; sys.path.insert(0, 'tests'); import tour; print(nbformat.writes(tour.executed(sys.argv[1])))"
STORED = json.loads((ROOT / "notebooks" / "tour.ipynb").read_text())


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tour")
    (folder / "demo.db").write_bytes(demo.database().read_bytes())
    done = subprocess.run([sys.executable, "-c", RUN, folder], cwd=ROOT, env=environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def text(parts):
    return parts if isinstance(parts, str) else "".join(parts)


def outputs(notebook):
    """What each cell of code shows: texts as they are; of a picture what its marks say of themselves, since letters are as wide as fonts are."""
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            for kind, value in sorted(output["data"].items()):
                if kind == "image/svg+xml":
                    yield kind, re.findall(r'aria-label="([^"]*)"', text(value))
                elif kind == "text/plain":
                    yield kind, text(value)
                elif kind == "text/html":
                    yield kind, re.findall(r"<t[dh]>([^<]*)<", text(value))


def test_it_comes_out_as_it_is_stored(executed):
    assert list(outputs(executed)) == list(outputs(STORED))


def test_every_cell_of_code_has_shown_something_and_nothing_failed():
    shown = [cell for cell in STORED["cells"] if cell["cell_type"] == "code"]
    assert len(shown) >= 10 and all(cell["execution_count"] == n for n, cell in enumerate(shown, 1))
    assert all(cell["outputs"] and {output["output_type"] for output in cell["outputs"]} <= {"execute_result", "display_data"} for cell in shown)
    pictures = [marks for kind, marks in outputs(STORED) if kind == "image/svg+xml"]
    assert len(pictures) >= 6 and all(len(marks) > 5 for marks in pictures)


def test_it_tells_nothing_of_the_machine_that_it_ran_on():
    stored = (ROOT / "notebooks" / "tour.ipynb").read_text()
    assert not re.search(r"/(?:home|root|work|usr|tmp)/", stored) and set(STORED["metadata"]) == {"kernelspec", "language_info"} and base64.b64encode(b"\x89PNG").decode()[:5] not in stored


def test_a_picture_shows_the_numbers_of_the_rows():
    marks = next(marks for kind, marks in outputs(STORED) if kind == "image/svg+xml")
    with sqlite3.connect(demo.database()) as db:
        day, load = db.execute("SELECT as_of_date, daily_tss FROM athlete_rolling_features WHERE as_of_date > '2024-10-19' ORDER BY daily_tss DESC LIMIT 1").fetchone()
    assert any(f"{load:.10f}"[:7] in mark for mark in marks), (day, load)
