"""Prints into stages what their headers and their feature groups' definitions already say:

    python3 sql/tools/stages sql/4_features/420_daily_features.sql …

A stage asks for a block by a line; what stands from there to `-- end` is written anew (what finishes it is the end):

    -- begin: printed by `make stages`            BEGIN, the announcement; the clock and who has changed, unless the stage
                                                 makes its own
    -- announce: printed by `make stages`         the announcement alone
    -- publish athlete_daily_features, corrected from o.activity_date: printed by `make stages`
                                                 temp.computed into the group, what it replaces into its history
    -- due athlete_profile for 410_activity_features, …: printed by `make stages`
                                                 triggers by which a changed row makes its athlete due for these stages; with
                                                 `since` and a column after a stage, for this one from the row's day on;
                                                 with `since the day of` an activity's number, or `of the training of` it,
                                                 from its day on, as it is when the row is written
    -- judge silver_survey_races by version_id: printed by `make stages`
                                                 the rows of temp.version by the table's rules: temp.broken_rule, and which rules
                                                 may not be asked; with `where …` some of the rows
    -- append-only ml_runs, …: printed by `make stages`
                                                 triggers by which a row of these tables stays as it was written; the one
                                                 before INSERT for REPLACE, which takes what is in its way out and asks no other
    -- emptied silver_strava_activities by bronze_id: printed by `make stages`
                                                 of temp.broken, which columns each version goes on without: temp.emptied
    -- rejected silver_strava_activities by bronze_id of (SELECT …) as '': printed by `make stages`
                                                 what temp.broken says of these rows into silver_rejects, with field and value
    -- from-api entity of found WHERE origin IS NULL: printed by `make stages`
                                                 from which day on these athletes' rows owe anything to Strava's API: temp.from_api
    -- labelled: printed by `make stages`         of temp.due, models whose rows are asked for, those with a label: temp.found, what is odd
                                                 about them: temp.odd, and those that may train: temp.sample
    -- folds: printed by `make stages`            of temp.due and temp.sample the tasks of an evaluation by time and by group, which rows train
                                                 and which are judged: temp.task, temp.trains, temp.judges
    -- metrics: printed by `make stages`          of temp.judged, answers beside labels, every metric: temp.metric
    -- tables athlete_profile, …: printed by `make stages`
                                                 the tables of these bundled groups with history, views and triggers
    -- reach of timed where r.official_s IS NULL: printed by `make stages`
                                                 of these races what makes each credible: temp.reach
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
KINDS = "begin|announce|due|judge|emptied|rejected|append-only|from-api|labelled|folds|metrics|tables|reach|publish|finish"
BLOCK = re.compile(rf"^-- ({KINDS})\b(.*): printed by `make stages`\n(?:.*\n)*?(-- end\n|\Z)", re.M)


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
        publishes = re.search(r"^-- publish (\w+)", rest, re.M)
        upgrade = "\n" + template("upgrade", stage=literal(stage.stage), table=publishes[1]) if publishes else ""
        text += template("changed", stage=literal(stage.stage), upgrade=upgrade)
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
    since = f"{match[2]} >= c.since AND " if re.search(r"\bsince\b", made[1]) else ""
    columns = columns_of(definition)
    return template("publish", since=since, stage=literal(heard_by), until_now=until_now, columns=identifiers("", columns), n_columns=identifiers("n.", columns), o_columns=identifiers("o.", columns), table=definition["feature_group"], key=identifiers("", key), o_key=identifiers("o.", key),
                    n_key=identifiers("n.", key), s_key=identifiers("s.", key), h_key=identifiers("h.", key), available=definition.get("available", "available_at"), last_day=match[2])


DAY_OF_ACTIVITY = """COALESCE((SELECT local_date FROM silver_strava_activities AS a WHERE (a.athlete_id, a.activity_id) = ({row}.athlete_id, {id})), \
(SELECT local_date FROM silver_unusable_activities AS u WHERE (u.athlete_id, u.activity_id) = ({row}.athlete_id, {id})), \
(SELECT MIN(from_date) FROM silver_corrections AS c WHERE c.activity_id = {id} AND c.athlete_id = {row}.athlete_id), '')"""
TRAINING = "(SELECT same_training_as FROM silver_same_training AS t WHERE (t.athlete_id, t.activity_id) = ({row}.athlete_id, {id}))"


def day_of(row, since):
    """From which day on a row makes a stage due; what an activity has that is not here any more counts for nothing."""
    words = since.split()
    if not words:
        return "''"
    if len(words) == 1:
        return f"COALESCE({row}.{since}, '')"
    activity = f"{row}.{words[-1]}"
    return DAY_OF_ACTIVITY.format(row=row, id=f"COALESCE({TRAINING.format(row=row, id=activity)}, {activity})" if "training" in words else activity)


def due(stage, rest, arguments):
    reader = r"\w+(?: since (?:the day of (?:the training of )?)?\w+)?"
    match = re.fullmatch(rf" (\w+) for ({reader}(?:, {reader})*)", arguments)
    if not match:
        raise ValueError(f"due needs a table and the stages that read it, not '{arguments}'")
    readers = [reader.partition(" since ") for reader in match[2].split(", ")]
    marks = {row: ", ".join(f"({literal(reader)}, {row}.athlete_id, {day_of(row, day)})" for reader, _, day in readers) for row in ("old", "new")}
    return template("due", table=match[1], first=readers[0][0].partition("_")[0], **marks)


def judge(stage, rest, arguments):
    match = re.fullmatch(r" (\w+) by (\w+)(?: (where) (.+))?", arguments)
    if not match:
        raise ValueError(f"judge needs a table of rules and the number of a version, not '{arguments}'")
    query = f"SELECT {match[2]}, * FROM temp.version" + (f" WHERE {match[4]}" if match[4] else "")
    return template("judge", query=literal(query), rules=match[1], table=literal(match[1]), key=match[2])


def keys_of(table, statement):
    """Each list of columns of which two rows may not agree."""
    with in_memory() as db:
        run_script(db, statement)
        primary = "SELECT json_group_array(name) FROM (SELECT name FROM pragma_table_info(?) WHERE pk ORDER BY pk)"
        unique = "SELECT (SELECT json_group_array(name) FROM pragma_index_info(i.name)) FROM pragma_index_list(?) AS i WHERE origin = 'u' ORDER BY seq DESC"
        return [json.loads(names) for (names,) in [*db.execute(primary, [table]), *db.execute(unique, [table])] if names != "[]"]


def append_only(_, rest, arguments):
    found = []
    for name in arguments.strip().split(", "):
        made = re.search(rf"^CREATE TABLE IF NOT EXISTS {re.escape(name)} \([^;]*;", re.sub(r"--.*", "", rest), re.M)
        if not made:
            raise ValueError(f"append-only needs tables that the stage makes, not '{name}'")
        same = " OR ".join(f"({identifiers('o.', key)}) = ({identifiers('new.', key)})" for key in keys_of(name, made[0]))
        found.append(template("append_only", table=name, same=same))
    return "".join(found)


def tables(stage, rest, arguments):
    definitions = [(DEFINITIONS / f"{name}.json").read_text() for name in arguments.strip().split(", ")]
    with in_memory() as db:
        return "\n".join(db.execute("SELECT feature_group_ddl(?)", [definition]).fetchone()[0] for definition in definitions)


def from_api(stage, rest, arguments):
    match = re.fullmatch(r" (\w+) of (\S.*)", arguments)
    if not match:
        raise ValueError(f"from-api needs the column of an athlete and the rows that have it, not '{arguments}'")
    return template("from_api", athlete=match[1], rows=match[2])


def emptied(stage, rest, arguments):
    match = re.fullmatch(r" (\w+) by (\w+)", arguments)
    if not match:
        raise ValueError(f"emptied needs a table of rules and the number of a version, not '{arguments}'")
    return template("emptied", table=literal(match[1]), key=match[2])


def rejected(stage, rest, arguments):
    match = re.fullmatch(r" (\w+) by (\w+) of (\w+|\(.+\)) as (\S.*)", arguments)
    if not match:
        raise ValueError(f"rejected needs a table of rules, the number of a version, its rows and what names one, not '{arguments}'")
    return template("rejected", table=literal(match[1]), key=match[2], rows=match[3], item=match[4])


def labelled(*_):
    return template("labelled", from_api=template("from_api", athlete="entity", rows="found WHERE origin IS NULL AND entity IS NOT NULL AND model NOT IN (SELECT model FROM left_out)"))


def reach(stage, rest, arguments):
    match = re.fullmatch(r" of (\w+)(?: where (.+))?", arguments)
    if not match:
        raise ValueError(f"reach needs a table of races, not '{arguments}'")
    return template("reach", races=match[1], where=f" AND {match[2]}" if match[2] else "")


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
    makers = {"begin": begin, "announce": lambda s, *_: announcement(s), "due": due, "judge": judge, "emptied": emptied, "rejected": rejected,
              "append-only": append_only, "from-api": from_api, "labelled": labelled, "folds": lambda s, *_: template("folds", stage=s.stage),
              "metrics": lambda *_: template("metrics"), "tables": tables, "reach": reach, "publish": publish, "finish": finish}
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
