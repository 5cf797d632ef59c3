"""A limit of training stands once, in ops_config."""

import re

from helpers.extension import ROOT


def test_a_threshold_stands_in_the_configuration_and_nowhere_else():
    """A number beside a measure that has a setting would go on holding when the setting is changed."""
    measures = r"(?:acwr|training_monotony\w*|monotony)"
    number = r"-?\d+(?:\.\d+)?\b"
    compared = re.compile(rf"\b{measures}\s*(?:[<>]=?|=|BETWEEN)\s*({number})|({number})\s*[<>]=?\s*{measures}\b", re.I)
    places = [path for folder in ("sql", "schemas", "notebooks", "ext") for path in (ROOT / folder).rglob("*") if path.suffix in (".sql", ".py", ".json", ".c", ".h", ".md", ".js", ".html")]
    found = {}
    for path in places:
        text = path.read_text()
        if wrong := [m[0] for m in compared.finditer(text) if float(m[1] or m[2]) != 0]:
            found[str(path.relative_to(ROOT))] = wrong
    assert len(places) > 300 and found == {}
