#!/usr/bin/env python3
"""The extension as one C file and one header, for programs that embed it: ext/amalgamate.py dist

Headers come first, each once and after what it includes; then the sources. A header without an include guard is a template, and
is repeated wherever it stands. Everything but the entry point becomes static, by its declaration; a list whose length its
declaration does not say has to be defined before it is used, and its file comes first.
"""

import pathlib
import re
import sys

import templates

EXT = pathlib.Path(__file__).resolve().parent
OURS = re.compile(r'#include "([^"]+/[^"]+|athlete\.h)"\n')
FEATURES = re.compile(r"#if .*\n#define _\w+_SOURCE\b.*\n#endif\n")  # they count only in front of all headers
DECLARATION = re.compile(r"^(?=[a-z]|ATHLETE_FORMATS)(?!typedef|static|extern|struct \w+ \{|union|enum|_Static|return|SHAP_INLINE)(?=[^;{}=]*\([^;{}]*\)[^;{}]*;)", re.M)
EXTERN = re.compile(r"^extern ([^;]*);.*\n", re.M)
DEFINITION = re.compile(r"^(const [^;(){}=]* =)", re.M)  # of a variable that headers declare


MADE = templates.generated()  # sources that are nowhere but in a build


def source(path):
    return MADE[path] if path in MADE else (EXT / path).read_text()


def paths(pattern):
    found = {str(path.relative_to(EXT)) for path in EXT.rglob(pattern) if EXT / "hosts" not in path.parents} | {path for path in MADE if pathlib.PurePath(path).match(pattern)}
    return sorted(found)


def is_template(header):
    """So is athlete.h: what stands in front of it says how the entry point is exported."""
    return header == "athlete.h" or "#ifndef ATHLETE_" not in source(header)


def included(path):
    return OURS.findall(source(path))


def ordered(paths, before):
    """The paths, each after those that before(path) names."""
    found = []

    def visit(path, trail=()):
        if path in trail:
            raise SystemExit("a circle: " + " -> ".join([*trail, path]))
        if path in found or path not in paths:
            return
        for other in before(path):
            visit(other, (*trail, path))
        found.append(path)

    for path in paths:
        visit(path)
    return found


def lists(text):
    """Names of lists that a header declares without a length."""
    return [name for declaration in EXTERN.findall(text) for name in re.findall(r"(\w+)\[\]", declaration)]


def declared(text):
    """A header's declarations as static ones."""
    text = EXTERN.sub(lambda found: "" if "[]" in found[1] else f"static {found[1]};\n", text)
    return DECLARATION.sub("static ", text)


def inlined(text):
    """Without includes of ours, templates in their place."""
    return OURS.sub(lambda found: inlined(source(found[1])) if is_template(found[1]) else "", text)


def plain(sources):
    """All of it in that order of sources, nothing made static."""
    headers = ordered([h for h in paths("*.h") if not is_template(h)], included)
    texts = [f"\n/* --- {path} --- */\n\n{inlined(source(path))}" for path in [*headers, *sources]]
    text = "".join(texts)
    return "".join(sorted(set(FEATURES.findall(text)))) + FEATURES.sub("", text)


def private():
    """The file that is handed on."""
    sources = paths("*.c")
    headers = [header for header in paths("*.h") if not is_template(header)]
    homes = {}
    for name in [name for header in headers for name in lists(source(header))]:
        homes[name] = next(path for path in sources if re.search(rf"^const .*\b{name}\[\] = ", source(path), re.M))

    def before(path):
        words = set(re.findall(r"\w+", source(path)))
        return sorted({home for name, home in homes.items() if name in words and home != path})

    text = ""
    for path in [*ordered(headers, included), *ordered(sources, before)]:
        part = inlined(source(path))
        part = declared(part) if path in headers else DEFINITION.sub(r"static \1", part)
        text += f"\n/* --- {path} --- */\n\n{part}"
    return "".join(sorted(set(FEATURES.findall(text)))) + FEATURES.sub("", text)


def header():
    """athlete.h, which needs none of our files."""
    return OURS.sub(lambda found: re.search(r"#define ATHLETE_VERSION.*\n", source(found[1]))[0], source("athlete.h"))


if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "athlete.c").write_text("/* Made by ext/amalgamate.py: athlete as one file, with cJSON and SQLite beside it. */\n" + private())
    (folder / "athlete.h").write_text(header())
