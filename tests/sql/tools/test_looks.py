"""Report and squad to the eye: every text stands out of what is behind it, in light and in dark, fits its picture and the page in both languages,
on a phone and with letters twice as large, and the console is silent."""

import os
import pathlib
import re

import pytest

from common import pages
from helpers.athletes import demo
from helpers.extension import ROOT
from helpers.machine import looks
from helpers.machine.browser import browser
from helpers.tools import tool

AA = 4.5  # WCAG 2.2, 1.4.3, of ordinary text


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_colours_of_texts_stand_out_of_the_page(theme):
    schemes = [dict(re.findall(r"--(\w+):#([0-9a-f]+)", part)) for part in pages.STYLE.split("@media(prefers-color-scheme:dark)")]
    colours = schemes[theme == "dark"]
    used = set(re.findall(r"(?<![-\w])color:var\(--(\w+)\)", pages.STYLE + (ROOT / "sql/tools/squad").read_text())) - {"p"}
    assert used >= {"i", "m", "good", "warn", "bad"} and used <= set(colours)
    for name in used:
        assert looks.contrast(colours["p"], colours[name]) >= AA, name


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Reports of the runner and of three of the crowd, and the crowd's list, in both languages."""
    folder = tmp_path_factory.mktemp("looks")
    crowded = demo.few()
    for language in ("en", "pt"):
        for path, athlete in ((demo.database(), "4001"), (crowded, "1"), (crowded, "2"), (crowded, "3")):
            assert tool("report", f"--language={language}", "--units=imperial", path, folder / f"report-{athlete}-{language}.html", athlete).returncode == 0
        assert tool("squad", f"--language={language}", crowded, folder / f"squad-{language}.html").returncode == 0
    return sorted(folder.glob("*.html"))


@pytest.mark.soak
@pytest.mark.parametrize("width, is_dark, is_large", [(1100, False, False), (1100, True, False), (360, False, False), (360, True, True), (780, False, True)])
def test_in_a_browser_texts_stand_out_and_fit_and_the_console_is_silent(files, width, is_dark, is_large):
    kept, pairs, complaints = os.environ.get("ATHLETE_PICTURES"), {}, []
    with browser() as screen:
        screen.look(width, 900, is_dark)
        for file in files:
            screen.open(file.as_uri())
            if is_large:
                screen.run(looks.TWICE)
            complaints += screen.complaints()
            pairs |= {pair: (ratio, text, file.name) for text, pair, ratio in screen.run(looks.CONTRASTS)}
            assert screen.run(looks.CUT) == [] and screen.run(looks.FITS), file.name
            if kept:
                screen.picture(pathlib.Path(kept) / f"{file.stem}-{width}-{'dark' if is_dark else 'light'}{'-large' if is_large else ''}.png")
    least = min(pairs.values())
    print(f"{len(files)} pages, {len(pairs)} pairs of colours, the least contrast {least[0]:.2f} ({least[1]!r} of {least[2]}), {len(complaints)} errors of the console")
    assert len(pairs) >= 3 and least[0] >= AA and complaints == [], least
