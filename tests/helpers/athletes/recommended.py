"""Files of athletes who ask for their next workout: a simulated life, cut off at some day, is one athlete."""

import datetime
import json

from helpers import simulated
from helpers.extension import ROOT
from helpers.stages import new_database, put, run

DEFINITION = json.loads((ROOT / "schemas" / "models" / "training_recommender.json").read_text())
STAGE = "630_recommend_workouts"
BEGIN = datetime.date(2023, 1, 2)


def date(day):
    return (BEGIN + datetime.timedelta(day)).isoformat()


def lives(seed, athletes, days):
    """(day, load, km, minutes, threshold pace) of each athlete's outings."""
    world = simulated.World(seed=seed)
    found = []
    for number in range(1, athletes + 1):
        who = simulated.athlete(world, number)
        outings = simulated.life.live(world, who, days).outings
        found.append([(o.day, o.load, o.distance_m / 1000, o.seconds / 60, o.kind != "ride") for o in outings])
    return found


def cut(life, last, chance, unknown=0.0):
    """What was done up to a day, some of it of unknown load."""
    return [(d, None if chance.random() < unknown else load, km, minutes, is_run) for d, load, km, minutes, is_run in life if d <= last]


def database(histories, plans=(), definition=DEFINITION, settings=()):
    """Of athletes by name: what was done; plans are rows of athlete_plan. The stages that come before have run, or their rows are here."""
    db = new_database()
    run(db)
    put(db, definition)
    db.executemany("UPDATE ops_config SET value = ? WHERE name = ?", [(value, name) for name, value in dict(settings).items()])
    run(db, ["100_bronze_strava", "530_model_definitions", "542_register_simulations", "550_promote_models"])
    for athlete, history in histories.items():
        add(db, athlete, history)
    published(db)
    db.executemany("INSERT INTO athlete_plan (athlete_id, plan_date, workout_type, minutes, intensity, distance_m) VALUES (?, ?, ?, ?, ?, ?)", plans)
    return db


def add(db, athlete, history, series="run"):
    db.executemany(
        """INSERT INTO activity_features (athlete_id, activity_id, event_timestamp, activity_date, utc_offset_s, sport_type, is_run, distance_km, moving_time_min,
               elapsed_time_min, pace_min_km, elevation_gain_m, estimated_tss, threshold_pace_min_km, threshold_source, available_at)
           VALUES (?1, ?2, ?3 || 'T08:00:00Z', ?3, 0, CASE WHEN ?7 THEN 'Run' ELSE 'Ride' END, ?7, ?5, ?6, ?6, ?6 / ?5, 0, ?4, 4.75, 'history', ?3 || 'T10:00:00Z')""",
        [(athlete, f"{athlete} {series} {n}", date(d), load, km, minutes, is_run) for n, (d, load, km, minutes, is_run) in enumerate(history)],
    )


def published(db):
    """The rows of 430_rolling_features."""
    names = [r[1] for r in db.execute("SELECT * FROM pragma_table_info('athlete_rolling_features')")]
    values = ", ".join({"event_timestamp": "date(as_of_date, '+1 day') || 'T00:00:00Z'", "available_at": "date(as_of_date, '+1 day') || 'T00:00:00Z'"}.get(n, f'"{n}"') for n in names)
    db.execute("DELETE FROM athlete_rolling_features")
    db.execute("DELETE FROM athlete_rolling_features_history")  # as if these were the first
    db.execute(f"""
        INSERT INTO athlete_rolling_features SELECT {values}
        FROM (SELECT json_group_object(name, value) AS options FROM ops_config
              WHERE name IN ('acwr_risk_threshold', 'acwr_min_history_days', 'monotony_risk_threshold', 'expected_days_per_week', 'unknown_load_max_share')) AS o,
             training_load('SELECT athlete_id, activity_date, estimated_tss, distance_km, moving_time_min, CASE WHEN is_run THEN pace_min_km END, elevation_gain_m
                            FROM activity_features', o.options) AS f""")
    db.execute("INSERT INTO ops_announced (stage, purpose, inputs, products, follows) VALUES ('430_rolling_features', '', '[]', '[]', '[]')")
    db.execute("DELETE FROM ops_watermarks WHERE stage = '430_rolling_features'")
    db.execute("INSERT INTO ops_watermarks (stage, athlete_id, position) SELECT '430_rolling_features', athlete_id, COUNT(*) FROM athlete_rolling_features GROUP BY athlete_id")
