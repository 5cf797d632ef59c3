"""Prints into stages what their headers and their feature groups' definitions already say:

    python3 sql/tools/stages sql/4_features/420_daily_features.sql …

A stage asks for a block by a line; what stands from there to `-- end` is written anew (what finishes it is the end):

    -- begin: printed by `make stages`            BEGIN, the announcement; the clock and who has changed, unless the stage
                                                 makes its own
    -- announce: printed by `make stages`         the announcement alone
    -- publish athlete_daily_features, corrected from o.activity_date: printed by `make stages`
                                                 temp.computed into the group, what it replaces into its history
    -- due athlete_profile for 410_activity_features, …: printed by `make stages`
                                                 triggers by which a changed row makes its athlete due for these stages
    -- tables: printed by `make stages`           the tables of the bundled groups with history, views and triggers
    -- finish: printed by `make stages`           the run log from temp.counted, how far the stage has read and that nobody is due
                                                 any more, DROP of its temporary tables, COMMIT
"""

import json
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
sys.dont_write_bytecode = True

import stage_header  # noqa: E402
from common.database import Failure, in_memory, literal, run_script  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
DEFINITIONS = HERE.parents[2] / "schemas" / "features"
BLOCK = re.compile(r"^-- (begin|announce|due|tables|publish|finish)\b(.*): printed by `make stages`\n(?:.*\n)*?(-- end\n|\Z)", re.M)


def identifiers(prefix, columns):
    return ", ".join(prefix + c for c in columns)


def template(name, **values):
    return (HERE / f"{name}.sql").read_text().format(**values)


def announcement(stage):
    lists = {name: literal(json.dumps(getattr(stage, name))) for name in ("inputs", "products", "follows")}
    return template("announcement", stage=literal(stage.stage), purpose=literal(stage.purpose), **lists)


def temporary(text):
    """Names of the stage's temporary tables, in the order in which they are made."""
    return re.findall(r"^CREATE TEMP TABLE (\w+)", text, re.M)


def begin(stage, rest, _):
    text = template("begin", announcement=announcement(stage).rstrip())
    own = temporary(rest)
    if "stage_clock" not in own:
        text += template("clock")
    if stage.follows and "changed" not in own:
        publishes = re.search("^-- publish ", rest, re.M)
        text += template("changed", stage=literal(stage.stage), upgrade="\n" + template("upgrade", stage=literal(stage.stage)) if publishes else "")
    return text


def columns_of(definition):
    """Of its table, in their order there."""
    with in_memory() as db:
        run_script(db, db.execute("SELECT feature_group_ddl(?)", [json.dumps(definition)]).fetchone()[0])
        return [name for (name,) in db.execute("SELECT name FROM pragma_table_info(?)", [definition["feature_group"]])]


def publish(stage, rest, arguments):
    match = re.fullmatch(r" (\w+), corrected from (.+)", arguments)
    if not match:
        raise ValueError(f"publish needs a group and the day from which a correction reaches a row, not '{arguments}'")
    definition = json.loads((DEFINITIONS / f"{match[1]}.json").read_text())
    key = definition.get("row_key") or definition["keys"] + [definition.get("timestamp", "event_timestamp")]
    # A stage that reads everyone each time has heard what the next one had.
    made = re.search(r"^CREATE TEMP TABLE changed AS\n([^;]*);", rest, re.M)
    heard_by = stage.stage if stage.follows or "position" in made[1] else "410_activity_features"
    until_now = "json_extract(c.position, '$[10]')" if re.match(r"SELECT .*\bposition\b", made[1]) else "''"
    columns = columns_of(definition)
    return template("publish", stage=literal(heard_by), until_now=until_now, columns=identifiers("", columns), o_columns=identifiers("o.", columns), table=definition["feature_group"], key=identifiers("", key), o_key=identifiers("o.", key),
                    n_key=identifiers("n.", key), s_key=identifiers("s.", key), h_key=identifiers("h.", key), available=definition.get("available", "available_at"), last_day=match[2])


def due(stage, rest, arguments):
    match = re.fullmatch(r" (\w+) for (\w+(?:, \w+)*)", arguments)
    if not match:
        raise ValueError(f"due needs a table and the stages that read it, not '{arguments}'")
    readers = match[2].split(", ")
    marks = {row: ", ".join(f"({literal(reader)}, {row}.athlete_id)" for reader in readers) for row in ("old", "new")}
    return template("due", table=match[1], first=readers[0].partition("_")[0], **marks)


def tables(*_):
    definitions = [path.read_text() for path in sorted(DEFINITIONS.glob("*.json"))]
    with in_memory() as db:
        return "\n".join(db.execute("SELECT feature_group_ddl(?)", [definition]).fetchone()[0] for definition in definitions)


def finish(stage, rest, _):
    made = temporary(rest)
    if "counted" not in made:
        raise ValueError("finish needs a temporary table counted (rows_in, rows_out, rows_rejected, message)")
    text = template("finish", stage=literal(stage.stage))
    if re.search(r"^CREATE TEMP TABLE changed AS\nSELECT .*\bathlete_id, .*\bposition\b", rest, re.M):
        text += template("seen", stage=literal(stage.stage))
    if re.search(r"\b(?:FROM ops_due|FROM ops_stale|INTO ops_seen)\b", text + rest):
        text += template("looked_at", stage=literal(stage.stage))
    return text + "\n" + "".join(f"DROP TABLE temp.{name};\n" for name in reversed(made)) + "\nCOMMIT;\n"


def printed(text):
    """The stage with its blocks as they should be."""
    stage = stage_header.parse(text)
    makers = {"begin": begin, "announce": lambda s, *_: announcement(s), "due": due, "tables": tables, "publish": publish, "finish": finish}
    for kind in makers:  # finish last: it drops what the others make
        def block(match, kind=kind):
            if match[1] != kind:
                return match[0]
            rest = text[: match.start()] + text[match.end() :]
            first = match[0].splitlines(keepends=True)[0]
            return first + makers[kind](stage, rest, match[2]) + ("" if kind == "finish" else "-- end\n")

        text = BLOCK.sub(block, text)
    return text


def main(paths):
    for path in map(pathlib.Path, paths):
        try:
            text = path.read_text()
            path.write_text(printed(text))
        except (ValueError, OSError, Failure) as error:
            sys.exit(f"stages: {path}: {error}")


if __name__ == "__main__":
    main(sys.argv[1:])
