"""README.md shows what the program prints, and what it names is there."""

import re

import readme

from helpers import demo
from helpers.extension import ROOT

TEXT = readme.README.read_text()
FENCED = re.compile(r"^```.*?^```", re.S | re.M)


def test_the_outputs_in_the_readme_are_those_of_the_program():
    written, wanted = TEXT.splitlines(), readme.render(demo.database()).splitlines()
    differing = [(a, b) for a, b in zip(written, wanted) if a != b]
    assert not differing, f"`make readme` writes it; first difference: {differing[0]}"
    assert len(written) == len(wanted)


def test_every_output_has_its_place_and_is_filled():
    blocks = readme.BLOCK.findall(TEXT)
    assert [name for name, _ in blocks].count("page") == 1
    assert {"page", "sql", "stages", "functions", "options", "definition", "store"} == {name for name, _ in blocks}
    assert all(body.strip() for _, body in blocks)


def test_an_output_that_is_no_longer_true_is_noticed(tmp_path, monkeypatch):
    fitness = re.search(r"Fitness  CTL +([0-9.]+)", TEXT)[1]
    stale = tmp_path / "README.md"
    stale.write_text(TEXT.replace(fitness, "99.9"))
    monkeypatch.setattr(readme, "README", stale)
    assert stale.read_text() != TEXT
    assert readme.render(demo.database()) == TEXT


def test_the_measured_speed_is_left_alone(tmp_path, monkeypatch):
    start = TEXT.index("## Speed\n")
    end = TEXT.index("\n## ", start)
    section = "## Speed\n\n<!-- speed: measured by tests/bench -->\n| rows | seconds |\n|---|---|\n| 10 | 1.5 |\n"
    other = tmp_path / "README.md"
    other.write_text(TEXT[:start] + section + TEXT[end:])
    monkeypatch.setattr(readme, "README", other)
    assert readme.render(demo.database()) == other.read_text()


def test_every_make_command_is_a_target():
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.M))
    code = re.findall(r"```sh\n(.*?)```", TEXT, re.S) + re.findall(r"`(make [^`]*)`", FENCED.sub("", TEXT))
    commands = [c.split("#")[0].split() for text in code for c in re.findall(r"\bmake\b([^\n;&|]*)", text)]
    named = {word for command in commands for word in command if "=" not in word and word not in ("folder",)}
    assert {"demo", "test", "import", "pipeline", "page"} <= named
    assert named <= targets, named - targets
    variables = {word.split("=")[0] for command in commands for word in command if "=" in word}
    assert all(re.search(rf"\b{v}\b", makefile) for v in variables), variables


def test_every_link_inside_the_repository_leads_to_a_file():
    links = re.findall(r"\]\(([^)]+)\)", FENCED.sub("", TEXT))
    local = [link.split("#")[0] for link in links if not re.match(r"https?://|#", link)]
    assert len(local) > 10
    assert [link for link in local if not (ROOT / link).exists()] == []


def test_every_stage_is_in_the_table_and_every_path_in_code_exists():
    table = next(body for name, body in readme.BLOCK.findall(TEXT) if name == "stages")
    assert re.findall(r"\]\(sql/([^)]+)\)", table) == [p.name for p in demo.STAGES]
    prose = FENCED.sub("", readme.BLOCK.sub("", TEXT))
    paths = re.findall(r"`((?:sql|ext|tests|notebooks|schemas)/[\w./-]+)`", prose)
    assert paths and [p for p in paths if not (ROOT / p).exists()] == []
