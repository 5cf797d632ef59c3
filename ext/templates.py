#!/usr/bin/env python3
"""The SQL templates of a folder as a C source: ext/templates.py store build/obj/store_templates.c

A file in a folder `templates` holds one template or more. "--: name" begins one, "--# …" says something to who reads the file;
neither is part of it. The newline at a template's end belongs to it only after a statement, which ends with a semicolon; what
stands in braces is told in base/binding/sql_template.h.
"""

import pathlib
import re
import sys

EXT = pathlib.Path(__file__).resolve().parent


def templates(folder):
    """Name -> text of all below a folder."""
    found = {}
    for path in sorted((EXT / folder).rglob("templates/*.sql")):
        head, *sections = re.split(r"^--: (\w+)\n", path.read_text(), flags=re.M)
        if re.sub(r"^--#.*\n|^\n", "", head, flags=re.M):
            raise SystemExit(f"{path}: what stands before the first template belongs to none")
        for name, body in zip(sections[::2], sections[1::2]):
            if name in found:
                raise SystemExit(f"{path}: there are two templates {name}")
            body = re.sub(r"^--#.*\n", "", body, flags=re.M).rstrip("\n")
            found[name] = body + "\n" * body.endswith(";")
            check(path, name, body)
    return found


def check(path, name, body):
    depth = 0
    for brace in re.findall(r"[{}]", body):
        depth += 1 if brace == "{" else -1
        if depth < 0:
            break
    if depth:
        raise SystemExit(f"{path}: the braces of {name} are not closed")


def literal(text):
    """C's string, a line for a line."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("?", "\\?")
    return "\n".join(f'     "{line}"' for line in escaped.replace("\n", "\\n\n").splitlines()) or '     ""'


def source(folder):
    rows = "".join(f'    {{"{name}",\n{literal(text)}}},\n' for name, text in templates(folder).items())
    return (f"/* Made by ext/templates.py of the .sql files in ext/{folder}. */\n"
            f'#include "{folder}/statement/{folder}_templates_sql.h"\n\n'
            f"const sql_template {folder}_templates[] = {{\n{rows}    {{NULL, NULL}},\n}};\n")


def generated():
    """Path below ext -> the source that is made there."""
    return {f"{folder}/{folder}_templates.c": source(folder) for folder in sorted({path.relative_to(EXT).parts[0] for path in EXT.rglob("templates/*.sql")})}


if __name__ == "__main__":
    folder, to = sys.argv[1], pathlib.Path(sys.argv[2])
    to.parent.mkdir(parents=True, exist_ok=True)
    to.write_text(source(folder))
