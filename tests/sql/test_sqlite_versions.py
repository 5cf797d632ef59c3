"""The same rows under every SQLite, and a newer one over an older file changes none.

"The same" is every column of every table, doubles by their eight bytes, apart from the logs and the clock.
"""

import json
import random
import re
import shutil

import pytest

from helpers.machine import sqlites
from helpers.athletes.activities import deletion, make_detail, make_history, make_laps
from helpers.extension import ROOT
from helpers.stores.file_rows import differences, rows_of
from helpers.athletes.lab import report, specification, survey
from helpers.machine.soak import soak
from helpers.stages import BRONZE, STAGES, statements


SLEEP = {"feature_group": "sleep", "version": "1.0.0", "description": "nights", "entity": "athlete", "keys": ["athlete_id"], "reject_limit": 1,
         "features": [{"name": "hours", "type": "numerical", "min": 0.123457, "max": 23.654321, "default": 7.12345678901},
                      {"name": "note", "type": "text"}]}  # fmt: skip
TRAINING_SET = {"labels": "SELECT activity_id, athlete_id, event_timestamp AS at, distance_km / 3 AS third FROM activity_features ORDER BY athlete_id, activity_id",
                "as_of": "at",
                "lookups": [{"group": "athlete_rolling_features", "keys": {"athlete_id": "athlete_id"}},
                            {"group": "athlete_weekly_features", "keys": {"athlete_id": "athlete_id"}, "prefix": "week_"}],
                "computed": {"share": "third / ctl_42d"}}  # fmt: skip


# --- what comes in -----------------------------------------------------------------------------------------------


def a_number(rng, x):
    """The text of a number near x, as some program or other writes it."""
    return rng.choice([
        lambda: repr(round(x, 1)), lambda: f"{x:.3f}", lambda: f"{x:.6f}", lambda: f"{x:.8f}", lambda: repr(x * rng.uniform(0.99, 1.01)), lambda: f"{x:.4e}",
        lambda: f"{x:.3E}".replace("E+0", "E+"), lambda: f"{x:.25f}", lambda: f"{round(x)}", lambda: f'"{x:.5f}"', lambda: f"{x:.7f}00000000000000001",
    ])()  # fmt: skip


def a_text(rng):
    return rng.choice([
        '"a \\"run\\""', '"\\u00e9t\\u00e9 \\/ \\ud83c\\udfc3"', '"été 🏃"', '"tab\\there\\nline"', '"\\u0001\\u001f\\u007f"', '"\u007f\u2028"', '"it\'s"', '""', '"\\\\"', '"\\u0000x"',
    ])  # fmt: skip


def as_some_program_writes(rng, value, key=""):
    """JSON of a value, with numbers, texts and blanks in many forms."""
    blank = rng.choice(["", "", " ", "\n\t"])
    if isinstance(value, dict):
        members = list(value.items())
        rng.shuffle(members)
        return "{" + blank + f",{blank}".join(f"{json.dumps(k)}:{blank}{as_some_program_writes(rng, v, k)}" for k, v in members) + blank + "}"
    if isinstance(value, list):
        return "[" + f",{blank}".join(as_some_program_writes(rng, v) for v in value) + "]"
    if key == "name" and value != "5K":
        return a_text(rng)
    if key in ("start_date", "start_date_local") and rng.random() < 0.3:
        return json.dumps(value.replace("Z", rng.choice([".5Z", ".9996Z", "Z", ".123Z"])))
    if isinstance(value, float) or key in ("distance", "total_elevation_gain"):
        return a_number(rng, value)
    return json.dumps(value)


def arrivals(rng, day):
    """Texts that come in on one day: activities, some in detail, edits of some, deletions, laps, and what is none of them."""
    found = []
    for athlete in (1, 2, 3):
        history = make_history(rng, athlete, 40, 90, first_number=10_000 * athlete + 1000 * day)
        found += [make_detail(rng, a) if rng.random() < 0.2 else a for a in history]
        edited = [a | {"distance": a["distance"] * 1.01} for a in rng.sample(history, 4)]
        found += edited + [deletion(a["id"]) for a in rng.sample(history, 2)] + make_laps(rng, history[0], 3)
        for a in history[:6]:
            a |= {"start_date": history[0]["start_date"]}  # a day with many activities, to be added up
    broken = ['{"id": 1', '{"id": 5, "distance": 1e999, "sport_type": "Run", "athlete": {"id": 1}, "start_date": "2024-01-01T00:00:00Z"}', '{"x": [1.50]}']
    return ["\n".join([*(as_some_program_writes(rng, a) for a in found), *broken])]


def documents():
    definitions = sorted((ROOT / "schemas" / "features").glob("*.json"))
    return [*(p.read_text() for p in definitions), json.dumps(SLEEP), json.dumps(specification(num_boost_round=8)), json.dumps(survey()[:600])]


def stages(names):
    return [["run", statement] for name in names for statement in statements(STAGES[name])]


def put(texts, day):
    return [["run", "INSERT INTO bronze_inbox (source, body, received_at) VALUES ('test', ?, ?)", text, f"2025-12-{day + 1:02d}T00:00:00Z"] for text in texts]


def nights(rng):
    """Rows for the users' group, through its view and as a batch; some break a rule, and come twice."""
    insert = "INSERT INTO sleep_ingest (athlete_id, event_timestamp, hours, note) VALUES (?, ?, ?, ?)"
    found = [["run", insert, str(n % 3), f"2024-01-{n + 1:02d}", rng.choice([None, rng.uniform(0, 30), round(rng.uniform(0, 30), 3)]), f"it's {n}"] for n in range(20)]
    batch = "SELECT athlete_id || 'b' AS athlete_id, date(event_timestamp, '-1 year') AS event_timestamp, hours * 1.5 AS hours, note, NULL AS available_at FROM sleep"
    return [*found, *found[::3], *2 * [["script", "SELECT feature_group_ingest(definition, ?) FROM feature_groups_current WHERE name = 'sleep'", batch]]]


def days(seed):
    """Steps of the first day, which make the file, and of the second."""
    rng = random.Random(seed)
    table = [["script", "SELECT feature_group_ddl(definition) FROM feature_groups WHERE name = 'sleep'"]]
    change = "UPDATE ops_config SET value = ? WHERE name = ?"
    settings = [["run", change, rng.uniform(5, 6), "default_threshold_pace"], ["run", change, 1.2345678, "acwr_risk_threshold"],
                ["run", change.replace("?", "CAST(? AS INTEGER)", 1), 20 + seed % 2, "acwr_min_history_days"]]  # fmt: skip
    first = stages(BRONZE) + settings + put([*documents(), *arrivals(rng, 0)], 0) + stages(STAGES) + table + nights(rng) + stages(STAGES)
    return first, put(arrivals(rng, 1), 1) + stages(STAGES)


# --- what comes of it --------------------------------------------------------------------------------------------

FROZEN = ["run", f"CREATE VIRTUAL TABLE temp.made USING training_set('{json.dumps(TRAINING_SET)}')"], [
    "run", "SELECT COUNT(*), sha256(group_concat(row, char(10))) FROM (SELECT row_literals(activity_id, athlete_id, at, third, ctl_42d, daily_tss, week_weekly_tss, week_avg_pace_week, share) AS row FROM temp.made)"]  # fmt: skip


def compare(folder, days, names):
    """The matrix: for each host what it has done, beside the first of them, and where it differs."""
    first, second = days
    table, faults, oldest = [], [], None
    for name in names:
        path = folder / f"{name.replace(' ', '-')}.db"
        version, _ = sqlites.run(name, path, first)
        made = rows_of(path)
        shutil.copy(path, folder / "later.db")
        _, frozen = sqlites.run(name, path, FROZEN)
        oldest = oldest or (path, made, frozen, name)
        upgraded = folder / "upgraded.db"
        shutil.copy(oldest[0], upgraded)
        sqlites.run(name, upgraded, stages(STAGES))
        after = rows_of(upgraded)
        sqlites.run(name, upgraded, second)  # and the file goes on as if nothing had happened
        sqlites.run(oldest[3], folder / "later.db", second)
        sets = {"same rows": differences(oldest[1], made), "upgrade": differences(oldest[1], after), "goes on": differences(rows_of(folder / "later.db"), rows_of(upgraded)),
                "training set": {} if frozen == oldest[2] else {"rows": (oldest[2], frozen)}}  # fmt: skip
        faults += [(name, version, what, d) for what, d in sets.items() if d]
        table.append([name, version, "yes", "yes", *("no" if d else "yes" for d in sets.values())])
    report("SQLite", ["host", "SQLite", "loads", "all stages", "same rows", "upgrade is none", "goes on alike", "set made again"], table)
    return faults, oldest[1]


FEW, SAMPLE = ["system", "apsw 3.54.1.0"], ["system", "apsw 3.46.1.0", "apsw 3.54.1.0"]
WHOLE = ["crate 0.24.2", "system", *(f"apsw {v}" for v in ("3.39.4.0", "3.40.1.0", "3.41.2.0", "3.42.0.1", "3.43.2.0", "3.44.2.0", "3.45.3.0", "3.46.1.0", "3.47.2.0", "3.48.0.0",
                                                          "3.49.2.0", "3.50.4.0", "3.51.3.0", "3.53.4.0", "3.54.1.0")), "better-sqlite3 12", "node:sqlite 24"]  # fmt: skip


def ungrouped(text):
    """The lines of HAVING in a SELECT without GROUP BY, which SQLite takes since 3.39."""
    quoted = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|--[^\n]*")
    text = quoted.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), text)
    is_grouped, found = [False], []
    for m in re.finditer(r"[();]|\b(?:SELECT|GROUP BY|HAVING)\b", text):
        if m[0] == "(":
            is_grouped.append(False)
        elif m[0] == ")":
            is_grouped[-1:] = [] if len(is_grouped) > 1 else [False]  # a template may close what it does not open
        elif m[0] == "HAVING":
            found += [] if is_grouped[-1] else [text.count("\n", 0, m.start()) + 1]
        else:
            is_grouped[-1] = m[0] == "GROUP BY"
    return found


def test_no_statement_has_a_condition_on_groups_without_groups():
    assert ungrouped("SELECT ';', (SELECT 1 GROUP BY x) -- GROUP BY\nHAVING 1; SELECT 2 GROUP BY x HAVING 2") == [2]
    texts = [*(ROOT / "sql").rglob("*.sql"), *(ROOT / "ext").rglob("*.sql"), *(ROOT / "notebooks").rglob("*.sql")]
    assert len(texts) > 100 and {str(path): lines for path in texts if (lines := ungrouped(path.read_text()))} == {}


@pytest.mark.parametrize("names, seed", [pytest.param(FEW, 7, id="few"), soak(SAMPLE, 7, id="sample"), soak(WHOLE, 7, id="whole"), *(soak(SAMPLE, seed, id=f"sample-{seed}") for seed in range(100, 120))])
def test_every_sqlite_makes_the_same_rows_and_upgrading_one_changes_none(tmp_path, names, seed):
    faults, made = compare(tmp_path, days(seed), names)
    assert not faults
    filled = ("silver_corrections", "silver_rejects", "bronze_rejects", "feature_rejects", "sleep", "athlete_weekly_features", "ml_metrics", "gold_athlete_predictions")
    assert all(made[table][1] for table in filled), "a table without rows says nothing"
