"""Nothing that a stage or a migration stores passes through a sum or a printed number of SQLite's own: both differ between its
versions. Views store nothing, and may have to do without the extension."""

import re

import pytest

from helpers.extension import ROOT
from helpers.stages import STAGES

TEXTS = {**STAGES, **{p.stem: p.read_text() for p in sorted((ROOT / "sql" / "migrations").rglob("*.sql"))}}
WHOLE = re.compile(r"(a\.)?bronze_id|activities|days|n_rows|kind (=|IN) .*")  # sums of integers are exact, or an error
PRINTS = re.compile(r"\b(quote|round)\(|\b(printf|format)\('[^']*%[-+!0-9.]*[eEfgG]")


def stored(text):
    """Without comments and the definitions of views."""
    return re.sub(r"CREATE (TEMP )?VIEW .*?;\n", "", re.sub(r"--[^\n]*", "", text), flags=re.S)


@pytest.mark.parametrize("name", TEXTS)
def test_a_stage_adds_up_with_exact_sums_and_prints_with_number_text(name):
    text = stored(TEXTS[name])
    sums = [m[2] for m in re.finditer(r"\b(SUM|AVG|TOTAL)\(([^()]*(?:\([^()]*\))?[^()]*)\)", text, re.I) if not (m[1].upper() == "SUM" and WHOLE.fullmatch(m[2]))]
    assert sums == []
    assert [m[0] for m in PRINTS.finditer(text)] == []


def test_the_law_sees_what_it_forbids():
    for text in ("SELECT SUM(distance_km) AS d", "SELECT AVG(n_rows)", "SELECT total(abs(x))", "SELECT quote(x)", "SELECT printf('%.1f', x)", "SELECT round(x, 2)"):
        assert re.search(r"\b(SUM|AVG|TOTAL)\(", stored(text), re.I) or PRINTS.search(stored(text)), text
