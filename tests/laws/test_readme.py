"""README.md shows what the program prints, and what it names is there."""

import re

import pytest

import readme

from helpers.athletes import demo
from helpers.extension import ROOT

pytestmark = pytest.mark.unsanitized  # other programs

TEXTS = {document: document.read_text() for document in readme.DOCUMENTS}
TEXT = TEXTS[ROOT / "README.md"]
FENCED = re.compile(r"^```.*?^```", re.S | re.M)
EACH = pytest.mark.parametrize("document", readme.DOCUMENTS, ids=lambda d: str(d.relative_to(ROOT)))


@EACH
def test_the_outputs_in_a_document_are_those_of_the_program(document):
    written, wanted = TEXTS[document].splitlines(), readme.render(demo.database(), document).splitlines()
    differing = [(a, b) for a, b in zip(written, wanted) if a != b]
    assert not differing, f"`make readme` writes it; first difference: {differing[0]}"
    assert len(written) == len(wanted)


def test_the_picture_is_the_one_that_the_report_draws():
    assert readme.PICTURE.read_text() == readme.picture(demo.database())
    assert f"]({readme.PICTURE.relative_to(ROOT)})" in TEXT and "prefers-color-scheme:dark" in readme.PICTURE.read_text()


def test_every_document_of_the_repository_is_kept_true():
    kept = {str(document.relative_to(ROOT)) for document in readme.DOCUMENTS}
    there = {str(path.relative_to(ROOT)) for top in ("ext", "sql", "schemas", "notebooks", "tests") for path in (ROOT / top).rglob("*.md")}
    assert {path for path in there if "/data/" not in path} | {"README.md"} == kept


def test_the_readme_is_short_enough_to_be_read():
    assert len(TEXT.splitlines()) <= 200


def test_every_output_has_its_place_and_is_filled():
    blocks = [block for text in TEXTS.values() for block in readme.BLOCK.findall(text)]
    assert [name for name, _ in blocks].count("page") == 1
    assert {"page", "sql", "stages", "functions", "options", "definition", "fields", "store"} == {name for name, _ in blocks}
    assert all(body.strip() for _, body in blocks)


def test_an_output_that_is_no_longer_true_is_noticed(tmp_path):
    fitness = re.search(r"Fitness  CTL +([0-9.]+)", TEXT)[1]
    stale = tmp_path / "README.md"
    stale.write_text(TEXT.replace(fitness, "99.9"))
    assert stale.read_text() != TEXT
    assert readme.render(demo.database(), stale) == TEXT


def test_every_make_command_is_a_target():
    makefile = "".join((ROOT / name).read_text() for name in ("Makefile", "ext/hosts/hosts.mk"))
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.M))
    text = "\n".join(TEXTS.values())
    code = re.findall(r"```sh\n(.*?)```", text, re.S) + re.findall(r"`(make [^`]*)`", FENCED.sub("", text))
    commands = [c.split("#")[0].split() for text in code for c in re.findall(r"\bmake\b([^\n;&|]*)", text)]
    named = {word for command in commands for word in command if "=" not in word and word not in ("folder",)}
    assert {"demo", "test", "import", "pipeline", "page"} <= named
    assert named <= targets, named - targets
    variables = {word.split("=")[0] for command in commands for word in command if "=" in word}
    assert all(re.search(rf"\b{v}\b", makefile) for v in variables), variables


@EACH
def test_every_link_inside_the_repository_leads_to_a_file(document):
    links = re.findall(r"\]\(([^)]+)\)", FENCED.sub("", TEXTS[document]))
    local = [link.split("#")[0] for link in links if not re.match(r"https?://|#", link)]
    assert [link for link in local if not (document.parent / link).exists()] == []


def test_every_stage_is_in_the_table_and_every_path_in_code_exists():
    table = next(body for text in TEXTS.values() for name, body in readme.BLOCK.findall(text) if name == "stages")
    assert [ROOT / "sql" / path for path in re.findall(r"\]\(([^)]+)\)", table)] == list(demo.STAGES)
    prose = [FENCED.sub("", readme.BLOCK.sub("", text)) for text in TEXTS.values()]
    paths = [p for text in prose for p in re.findall(r"`((?:sql|ext|tests|notebooks|schemas)/[\w./-]+)`", text)]
    assert paths and [p for p in paths if not (ROOT / p).exists()] == []


def test_every_setting_of_the_api_is_in_its_document():
    source = (ROOT / "sql/tools/serve/feature_api/settings.py").read_text()
    settings = re.findall(r"^    (\w+): (?:bool|int) = ", source, re.M)
    document = (ROOT / "sql/tools/serve/README.md").read_text()
    assert len(settings) > 5 and [name for name in settings if not re.search(rf"\b{name}\b", document)] == []
