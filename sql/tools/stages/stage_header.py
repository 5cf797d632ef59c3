"""The header of a stage: its first lines, which say what it does.

    -- stage:    420_daily_features
    -- purpose:  one sentence
    -- reads:    what its values come from, …; what else it looks at, …
    -- writes:   what it makes, …; what else it keeps, …
    -- follows:  stages whose athletes it takes over when they have moved      (or -)
    -- grain:    athlete_id, activity_date                                     (or -)
    -- params:   names in ops_config                                           (or -)
    -- rests:    tables that are empty, …; tables that are as they were, …     (or never)

A stage rests while the first are empty and the second as when it ended last, with the same text, schema and library: then it would
change nothing. Of ops_due, ops_watermarks and ml_looks its own rows count. With - it rests as soon as it has run.
From the first parts of `reads` and `writes` comes the lineage of tables, from `follows` what is stale.
"""

import dataclasses
import re

KEYS = ["stage", "purpose", "reads", "writes", "follows", "grain", "params", "rests"]


@dataclasses.dataclass
class Header:
    stage: str
    purpose: str
    inputs: list
    reads: set
    products: list
    writes: set
    follows: list
    grain: str
    params: set
    rests: str


def names(text):
    return [] if text.strip() in ("-", "") else [n.strip() for n in text.split(",")]


def parts(text):
    """The names before the semicolon, and all."""
    first, _, rest = text.partition(";")
    return names(first), set(names(first) + names(rest))


def parse(text):
    """The header, or ValueError with the first thing that is wrong."""
    values, key = {}, None
    for line in text.splitlines():
        if not line.startswith("--"):
            break
        match = re.fullmatch(r"-- (\w+): +(\S.*)", line)
        if match:
            key = match[1]
            if len(values) == len(KEYS) or key != KEYS[len(values)]:
                raise ValueError(f"the header has '{key}:' where '{(KEYS + ['its end'])[len(values)]}' belongs")
            values[key] = match[2].strip()
        elif key and re.match(r"-- {8,}\S", line):
            values[key] += " " + line[2:].strip()
        else:
            raise ValueError(f"no line of a header: {line}")
    if len(values) < len(KEYS):
        raise ValueError(f"the header has no '{KEYS[len(values)]}:'")
    inputs, reads = parts(values["reads"])
    products, writes = parts(values["writes"])
    follows, params = names(values["follows"]), set(names(values["params"]))
    for what, found in (("reads", reads), ("writes", writes), ("params", params)):
        for name in sorted(found):
            if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
                raise ValueError(f"'{name}' in {what}: is no name")
    return Header(values["stage"], values["purpose"], inputs, reads, products, writes, follows, values["grain"], params, values["rests"])
