"""A version of a group that computes its features otherwise: it is published over the whole history with the known times of before, and
who names an earlier version reads what that one was."""

import json
import os
import sqlite3
import subprocess

import pytest

from helpers.athletes.activities import dump, instant, new_database, one, put, rows, run, seeded
from helpers.athletes.belief import clocked, overlaps
from helpers.extension import EXTENSION, ROOT
from helpers.athletes.lives import BEGIN, GROUPS, NAMES, STAGES_ON, Life, arrive, seen, specification, training_set, with_definitions
from helpers.machine.soak import soak
from helpers.stages import STAGES


# What a formula was, and what it becomes, by the group that has it.
FORMULAS = {
    "activity_features": ("410_activity_features", "COALESCE(l.told_tss, l.pace_tss,", "{n} * COALESCE(l.told_tss, l.pace_tss,"),
    "athlete_rolling_features": ("430_rolling_features", "r.ctl_42d, r.atl_7d", "r.ctl_42d * {n} AS ctl_42d, r.atl_7d"),
    "race_results": ("450_race_results", "r.measured_m, r.end_time", "r.measured_m * {n} AS measured_m, r.end_time"),
    "athlete_profile": ("400_athlete_profile", "f.local_date AS first_activity_date, f.start_time", "date(f.local_date, '-{n} days') AS first_activity_date, f.start_time"),
}


def label(db, group):
    """The version that the group's table has, as one names it."""
    return one(db, """SELECT major || '.' || minor || '.' || patch || CASE WHEN build > 1 THEN '+' || build ELSE '' END
                      FROM feature_publications WHERE group_name = ? ORDER BY publication_id DESC LIMIT 1""", group)


def raised(version, part):
    numbers = [int(n) for n in version.split(".")]
    return ".".join(map(str, [*numbers[:part], numbers[part] + 1, *[0] * (2 - part)]))


class Upgrades:
    """Formulas as they are by now, and definitions with the next version."""

    def __init__(self, rng):
        self.rng, self.texts = rng, {}
        self.definitions = {g: json.loads((ROOT / "schemas" / "features" / f"{g}.json").read_text()) for g in GROUPS}

    def next(self, db, at):
        """A new version of some groups: of those with another formula, and of some that only say something else."""
        told = self.rng.sample(sorted(GROUPS), self.rng.randint(1, 3))
        for group in told:
            definition = self.definitions[group]
            definition["version"] = raised(definition["version"], self.rng.randrange(3))
            definition["table"] = group
            definition["description"] += " anew"
            put(db, json.dumps(definition), at)
            if group in FORMULAS and self.rng.random() < 0.8:
                stage, was, becomes = FORMULAS[group]
                assert was in STAGES[stage]
                self.texts[stage] = (was, becomes.format(n=self.rng.randint(2, 9)))
        return told

    def stages(self, now):
        found = clocked(now)
        for stage, (was, becomes) in self.texts.items():
            found[stage] = found[stage].replace(was, becomes)
        return found


def looked_up(db, groups, athletes, t):
    """What asof gives at t for each athlete, of groups as they are named."""
    found = []
    for name in groups:
        columns = ", ".join(f"f.{c}" for c in NAMES[name.partition("@")[0]])
        db.execute(f"CREATE VIRTUAL TABLE temp.one_group USING asof('{name}')")
        for athlete in athletes:
            found.append(db.execute(f"SELECT {columns}, f.row_timestamp, f.row_available, f.row_superseded FROM temp.one_group AS f WHERE athlete_id = ? AND as_of = ?",
                                    (str(athlete), t)).fetchall())
        db.execute("DROP TABLE temp.one_group")
    return repr(found)


def without_ends(found):
    """When a belief ended is not known before it has."""
    return [[row[:-1] for row in each] for each in eval(found)]


def stored_set(db, spec):
    """A specification that names the versions of now."""
    told = json.loads(spec)
    for lookup in told["lookups"]:
        lookup["group"] += "@" + label(db, lookup["group"])
    return json.dumps(told)


@pytest.mark.parametrize("seeds", [range(0, 2), soak(range(2, 16)), *(soak(range(s, s + 25)) for s in range(1000, 1500, 25))], ids=lambda s: f"from {s[0]}")
def test_an_upgrade_leaves_every_lookup_and_training_set_of_before_as_it_was(seeds):
    for seed in seeds:
        life, db, copies, sets = Life(seed), new_database(), [], []
        rng = seeded(seed)
        upgrades = Upgrades(rng)
        run(db, STAGES_ON)
        with_definitions(db)
        arrive(db, [(life.add(), instant(life.now)) for _ in range(rng.randint(5, 12))])
        run(db, STAGES_ON, changed=clocked(instant(life.now)))
        n_upgrades = 0
        for step in range(rng.randint(2, 4)):
            for t in (instant(rng.randint(BEGIN, life.now)) for _ in range(3)):
                names = [f"{g}@{label(db, g)}" for g in NAMES]
                copies.append((names, t, looked_up(db, NAMES, life.athletes, t), seen(db, t)))
            spec = specification(rng, life.athletes, life.now)
            sets.append((stored_set(db, spec), training_set(db, spec)))
            arrive(db, life.next() if rng.random() < 0.5 else [])
            if rng.random() < 0.7 or not n_upgrades:
                upgrades.next(db, instant(life.now))
                n_upgrades += 1
            run(db, STAGES_ON, changed=upgrades.stages(instant(life.now)))
        assert one(db, "SELECT COUNT(*) FROM feature_definition_rejects") == 0
        for names, t, copy, _ in copies:
            assert without_ends(looked_up(db, names, life.athletes, t)) == without_ends(copy), (seed, t, names)
        for spec, made in sets:
            assert training_set(db, spec) == made, seed
        for group, keys in GROUPS.items():
            assert overlaps(db, group, keys) == 0, (seed, group)
            assert one(db, f"SELECT COUNT(*) FROM {group}_versions WHERE superseded_at <= available_at") == 0, (seed, group)
        db.close()


@pytest.mark.parametrize("seed", [0, *map(soak, range(1, 6))])
def test_a_new_formula_holds_over_the_whole_history_with_the_known_times_of_before(seed):
    life, db, rng = Life(seed), new_database(), seeded(seed)
    run(db, STAGES_ON)
    with_definitions(db)
    arrived = [(life.add(), instant(life.now)) for _ in range(20)]
    arrive(db, arrived)
    run(db, STAGES_ON, changed=clocked(instant(life.now)))
    for _ in range(2):
        landed = life.next()
        arrived += landed
        arrive(db, landed)
        run(db, STAGES_ON, changed=clocked(instant(life.now)))
    keys = {g: ", ".join(k) for g, k in GROUPS.items()}
    known = {g: db.execute(f"SELECT {keys[g]}, available_at FROM {g} ORDER BY {keys[g]}").fetchall() for g in GROUPS}
    earlier = {g: sorted(map(repr, db.execute(f"SELECT * FROM {g}_versions"))) for g in GROUPS}
    upgrades = Upgrades(rng)
    for group, (stage, was, becomes) in FORMULAS.items():
        upgrades.texts[stage] = (was, becomes.format(n=3))
        definition = upgrades.definitions[group] | {"version": raised(upgrades.definitions[group]["version"], 1)}
        put(db, json.dumps(definition), instant(life.now))
    life.now += 90 * 86400
    run(db, STAGES_ON, changed=upgrades.stages(instant(life.now)))
    for group in GROUPS:
        assert db.execute(f"SELECT {keys[group]}, available_at FROM {group} ORDER BY {keys[group]}").fetchall() == known[group], group
        assert one(db, f"SELECT COUNT(*) FROM {group}_history") == 0, group
        columns = ", ".join(r["name"] for r in rows(db, f"SELECT name FROM pragma_table_info('{group}_versions')"))
        assert sorted(map(repr, db.execute(f"SELECT {columns} FROM {group}_earlier"))) == earlier[group], group

    fresh = new_database()
    run(fresh, STAGES_ON)
    arrive(fresh, arrived)
    run(fresh, STAGES_ON, changed=upgrades.stages(instant(life.now)))
    now, anew = (dump(each, without=("available_at",)) for each in (db, fresh))
    assert {g: now[g] for g in GROUPS} == {g: anew[g] for g in GROUPS}
    before = dump(db)
    run(db, STAGES_ON, changed=upgrades.stages(instant(life.now)))
    assert {g: dump(db)[g] for g in before if g != "ops_runs"} == {g: before[g] for g in before if g != "ops_runs"}
    db.close()
    fresh.close()


def test_words_alone_publish_nothing_anew_and_a_name_says_what_it_means():
    db = new_database()
    run(db, STAGES_ON)
    with_definitions(db)
    life = Life(1)
    arrive(db, [(life.add(), instant(life.now)) for _ in range(9)])
    run(db, STAGES_ON)
    before = {g: dump(db)[g] for g in GROUPS}
    definition = json.loads((ROOT / "schemas" / "features" / "activity_features.json").read_text())
    version = definition["version"]
    major, after = version.split(".")[0], raised(version, 0)
    words = raised(version, 2)
    put(db, json.dumps(definition | {"version": words, "description": "the same in other words"}))
    run(db, ["100_bronze_strava", "300_feature_registry"])
    with pytest.raises(sqlite3.OperationalError, match=f"asof: version {words} of activity_features has not been published"):
        db.execute(f"CREATE VIRTUAL TABLE temp.t USING asof('activity_features@{words}')")
    run(db, STAGES_ON)
    assert {g: dump(db)[g] for g in GROUPS} == before
    assert all(one(db, f"SELECT COUNT(*) FROM {g}_earlier") == 0 for g in GROUPS)
    found = set()
    for named in (major, version[: version.rindex(".")], version, words, f"{words}+1"):
        found.add(looked_up(db, [f"activity_features@{named}"], life.athletes, instant(life.now)))
    assert len(found) == 1
    for wrong, sentence in {f"{major}.9.3": f"there is no version {major}.9.3 of activity_features", after: f"there is no version {after} of activity_features",
                            f"{words}+2": f"version {words}\\+2 of activity_features has not been published", "": "a version is written as 2, 2.0 or 2.0.1",
                            "1.": "a version is written as", "1.0.1+0": "a version is written as", "1.0.1.1": "a version is written as", "one": "a version is written as"}.items():
        with pytest.raises(sqlite3.OperationalError, match=sentence):
            db.execute(f"CREATE VIRTUAL TABLE temp.t USING asof('activity_features@{wrong}')")
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        db.execute("DELETE FROM feature_publications")
    db.close()


def training_set_tool(path, *arguments):
    done = subprocess.run([ROOT / "sql" / "tools" / "training-set", path, *arguments], capture_output=True, text=True, env=os.environ | {"ATHLETE_EXTENSION": EXTENSION})
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


def test_a_stored_training_set_is_made_again_from_the_versions_that_it_had(tmp_path):
    path, life, rng = tmp_path / "athlete.db", Life(5), seeded(5)
    db = new_database(path)
    run(db, STAGES_ON)
    with_definitions(db)
    arrive(db, [(life.add(), instant(life.now)) for _ in range(20)])
    run(db, STAGES_ON, changed=clocked(instant(life.now)))
    spec = tmp_path / "spec.json"
    spec.write_text(specification(rng, life.athletes, life.now).replace("''", "'"))
    training_set_tool(path, spec)
    assert json.loads(one(db, "SELECT definitions FROM ml_training_sets")) == {g: label(db, g) for g in NAMES}
    upgrades = Upgrades(rng)
    stage, was, becomes = FORMULAS["activity_features"]
    upgrades.texts[stage] = (was, becomes.format(n=7))
    definition = upgrades.definitions["activity_features"]
    put(db, json.dumps(definition | {"version": raised(definition["version"], 1)}), instant(life.now))
    run(db, STAGES_ON, changed=upgrades.stages(instant(life.now)))
    training_set_tool(path, spec)
    made = [row for (row,) in db.execute("SELECT group_concat(row, char(10)) FROM ml_training_set_rows GROUP BY training_set_id ORDER BY training_set_id")]
    assert made[0] != made[1]
    for number in ("1", "2"):
        assert "the same to the bit" in training_set_tool(path, "--rebuild", number)
    assert json.loads(one(db, "SELECT definitions FROM ml_training_sets WHERE training_set_id = 2"))["athlete_rolling_features"].endswith("+2")
    db.close()
