"""Numbers that a person or a file writes as text. Python itself reads more than is meant: nan, 1_000, figures of any script."""

import re

WRITTEN = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


def number(text):
    """What a decimal number says (infinite where it is beyond every double), or None of another text."""
    return float(text) if isinstance(text, str) and WRITTEN.fullmatch(text.strip()) else None


def is_whole(text):
    """Figures and nothing else, not even a sign."""
    return text.isascii() and text.isdigit()
