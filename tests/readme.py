#!/usr/bin/env python3
"""Keeps the documents true: what they show as output is what the program prints.

Between `<!-- output: NAME -->` and `<!-- end -->` stands what NAME produces now:

    page                the page of `make demo`, shortened: its first lines and the sections named in SHOWN
    functions           one table per domain, from athlete_functions
    options             one table per function that takes them, from athlete_options
    stages              the stages, from their headers
    sql                 the answer to the ```sql block just before it, by the sqlite3 shell, over the demo's database
    definition          the definition of the feature group that the section on the feature store adds
    fields              the fields of a definition, from feature_definition_fields
    store               what the ```sh block before it prints in a folder with the demo's database, and then the answer to the
                        ```sql block just before it, over the copy that the commands made

`tests/readme.py --write` writes them all (`make readme`); tests/laws/test_readme.py compares.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
DOCUMENTS = [ROOT / name for name in ("README.md", "sql/README.md", "sql/5_models/README.md", "ext/REFERENCE.md", "ext/README.md", "ext/trees/README.md",
                                      "sql/tools/serve/README.md", "sql/tools/assistant/README.md", "sql/tools/exchange/README.md",
                                      "sql/tools/importers/README.md", "sql/tools/alerts/README.md", "sql/tools/tracking/README.md", "sql/tools/fleet/README.md", "tests/bench/README.md", "notebooks/README.md")]
DOCUMENTS += sorted((ROOT / "ext" / "hosts").rglob("*.md"))
SHOWN = ("FORM", "RACE TIMES", "HOW GOOD")
EXTENSION = str(ROOT / os.environ.get("ATHLETE_EXTENSION", "build/athlete"))  # from any folder
PICTURE = ROOT / "notebooks" / "pictures" / "form.svg"  # light or dark as the reader's system is
BLOCK = re.compile(r"<!-- output: (\w+) -->\n(.*?)<!-- end -->", re.S)


def shell(database, sql, *options):
    command = ["sqlite3", "-bail", *options, "-cmd", f".load {EXTENSION}", str(database)]
    return subprocess.run(command, input=sql, capture_output=True, text=True, check=True, cwd=ROOT).stdout


def picture(database):
    """The picture of form from the report of the demo's runner."""
    with tempfile.TemporaryDirectory() as folder:
        report = pathlib.Path(folder) / "report.html"
        subprocess.run([ROOT / "sql/tools/report", database, report], check=True, cwd=ROOT, env=os.environ | {"ATHLETE_EXTENSION": EXTENSION})
        return re.search(r"<h2>Form</h2>.*?<figure>(<svg.*?</svg>)", report.read_text(encoding="utf-8"), re.S)[1] + "\n"


def page(database):
    title, *sections = re.split(r"\n\n(?=[A-Z]{2})", shell(database, (ROOT / "sql" / "reports" / "page.sql").read_text()))
    shown = [section for section in sections if section.startswith(SHOWN)]
    return "```text\n" + "\n\n".join([title, *shown, "…"]).strip() + "\n```\n"


def result(example):
    """What an example gives in an empty database: rows with semicolons, values with commas."""
    rows = shell(":memory:", example, "-separator", ", ", "-newline", "; ", "-nullvalue", "NULL")
    return f"`{rows.strip().rstrip(';')}`"


def functions(database):
    rows = shell(database, "SELECT domain, kind, signature, summary, returns, example FROM athlete_functions", "-separator", "\x1f", "-newline", "\x1e")
    out, domain_before = [], None
    for row in rows.strip("\x1e").split("\x1e"):
        domain, kind, signature, summary, returns, example = row.split("\x1f")
        if domain != domain_before:
            out += ["", f"**{domain}**", "", "| function | kind | what it does | returns | example |", "|---|---|---|---|---|"]
            domain_before = domain
        cells = (f"`{signature}`", kind, summary, f"columns {returns}" if kind == "table" else returns, f"`{example}` gives {result(example)}")
        out.append("| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |")
    return "\n".join(out).strip() + "\n"


def options(database):
    """Functions that share their options share the table."""
    rows = shell(database, """
        SELECT group_concat(function, ', '), name, alias, CASE type WHEN 'choice' THEN replace(choices, '|', ', ') ELSE type END,
               CASE WHEN type IN ('number', 'integer') THEN printf('%g to %g', min, max) END, "default", meaning
        FROM (SELECT *, ROW_NUMBER() OVER () AS place FROM athlete_options ORDER BY place)
        GROUP BY name, meaning ORDER BY MIN(place)""", "-separator", "\x1f", "-newline", "\x1e")
    out, before = [], None
    for row in rows.strip("\x1e").split("\x1e"):
        functions_of_it, name, alias, kind, span, default, meaning = row.split("\x1f")
        if functions_of_it != before:
            out += ["", f"**{functions_of_it}**", "", "| option | also | value | range | default | meaning |", "|---|---|---|---|---|---|"]
            before = functions_of_it
        out.append(f"| `{name}` | {f'`{alias}`'.replace('|', '`, `') if alias else ''} | {kind} | {span} | {default} | {meaning} |")
    return "\n".join(out).strip() + "\n"


def stages(_database):  # for sql/README.md
    out = ["| stage | what it does | writes |", "|---|---|---|"]
    for path in sorted((ROOT / "sql").glob("[0-9]_*/**/*.sql")):
        header = dict(re.findall(r"^-- (\w+): +(.*)$", path.read_text(), re.M))
        out.append(f"| [`{header['stage']}`]({path.relative_to(ROOT / 'sql')}) | {header['purpose']} | {header['writes'].replace('-; ', '').replace(';', ',')} |")
    return "\n".join(out) + "\n"


def definition(_database):
    return f"```json\n{(ROOT / 'notebooks' / 'run_sensors.json').read_text()}```\n"


def fields(database):
    rows = shell(database, """
        SELECT ltrim(object || '.' || name, '.'), value, CASE WHEN required THEN 'required' ELSE "default" END,
               CASE WHEN min IS NOT NULL THEN printf('%g to %g', min, max) END, meaning
        FROM feature_definition_fields WHERE object <> 'types.*'""", "-separator", "\x1f", "-newline", "\x1e")
    out = ["| field | value | default | range | meaning |", "|---|---|---|---|---|"]
    for row in rows.strip("\x1e").split("\x1e"):
        name, *cells = row.split("\x1f")
        out.append(" | ".join([f"| `{name}`", *cells]) + " |")
    return "\n".join(out) + "\n"


def store(database, commands, query):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for name in ("sql", "notebooks"):
            (folder / name).symlink_to(ROOT / name)
        (folder / "demo.db").symlink_to(pathlib.Path(database).resolve())
        script = "\n".join(line for line in commands.splitlines() if not line.startswith("sqlite3"))
        environment = os.environ | {"ATHLETE_EXTENSION": EXTENSION}
        printed = subprocess.run(["sh", "-e", "-c", script], capture_output=True, text=True, check=True, cwd=folder, env=environment).stdout
        return f"```text\n{printed}{shell(folder / 'store.db', query, '-box').rstrip()}\n```\n"


def render(database, document):
    """A document as it should be."""
    text = document.read_text()

    def produce(match):
        name = match.group(1)
        before = lambda language: re.findall(rf"```{language}\n(.*?)```", text[: match.start()], re.S)[-1]  # noqa: E731
        if name == "sql":
            body = f"```text\n{shell(database, before('sql'), '-box').rstrip()}\n```\n"
        elif name == "store":
            body = store(database, before("sh"), before("sql"))
        else:
            body = {"page": page, "functions": functions, "options": options, "stages": stages, "definition": definition, "fields": fields}[name](database)
        return f"<!-- output: {name} -->\n{body}<!-- end -->"

    return BLOCK.sub(produce, text)


if __name__ == "__main__":
    if sys.argv[1:] != ["--write"]:
        sys.exit(__doc__)
    for document in DOCUMENTS:
        document.write_text(render(ROOT / "demo.db", document))
    PICTURE.write_text(picture(ROOT / "demo.db"))
