"""What an athlete tells: rows of athlete_activity_settings, athlete_races, athlete_names, athlete_plan, athlete_profile_settings and athlete_separate_trainings."""


from . import database, numbers, stages
from .database import Failure, sqlite3

TABLES = ["000_ops_tables", "110_told"]
OPTIONS = ["athlete", "date", "distance", "time", "minutes", "intensity"]
SETTINGS = {"rpe": "rpe", "load": "load_tss", "not-mine": "is_mine", "no-race": "is_race"}
VALUES = {"not-mine": 0, "no-race": 0}  # what they mean without a number

# Who did an activity; that it is not known may be since it is somebody else's.
OWNER = """
    SELECT athlete_id FROM silver_strava_activities WHERE activity_id = ?1
    UNION ALL
    SELECT trim(json_extract(payload, '$.athlete.id'), '"') FROM
        (SELECT payload FROM bronze_strava_activities WHERE activity_id = ?1 AND stream <> 'tombstone' ORDER BY bronze_id DESC LIMIT 1)
    LIMIT 1"""


def tell(db, path, options):
    """Writes what the words and options say, and returns a sentence that says what was written."""
    if not database.has(db, "silver_strava_activities"):
        raise Failure(f"{path} has no activities yet: import some and run the stages")
    stages.run(db, path, stages.of(*TABLES))
    words = list(options.word)
    takes_back = words[0] == "take-back"
    if takes_back:
        words.pop(0)
    kind = words.pop(0) if words else None
    if kind not in TELLERS:
        raise Failure(f"{'nothing' if kind is None else kind} is told where one of {', '.join(TELLERS)} belongs")
    try:
        with database.transaction(db):
            said = TELLERS[kind](db, kind, words, options, takes_back)
    except sqlite3.IntegrityError as error:
        told = [f"--{name} {value}" for name in OPTIONS if (value := getattr(options, name)) is not None]
        raise Failure(f"{str(error).removeprefix('CHECK constraint failed: ')}; told was {' '.join([*options.word, *told])}") from error
    return ("taken back: " if takes_back else "told: ") + said


def _activity(db, kind, words, options, takes_back):
    """A setting of an activity, with a number where it needs one."""
    _allow(options, kind)
    needs_number = kind not in VALUES and not takes_back
    if len(words) != 1 + needs_number:
        raise Failure(f"{kind} needs the activity's id{' and a number' if needs_number else ''}, and nothing else")
    athlete = _owner(db, words[0])
    value = None if takes_back else VALUES[kind] if kind in VALUES else _number(kind, words[1])
    _set(db, athlete, words[0], SETTINGS[kind], value)
    return f"activity {words[0]} of athlete {athlete}, {kind}" + (f" {words[1]}" if needs_number else "")


def _race(db, kind, words, options, takes_back):
    _allow(options, kind, "time", "distance", *([] if words else ["date", "athlete"]))
    if words:
        return _race_of_activity(db, words, options, takes_back)
    for name in ("date", "distance") if takes_back else ("date", "distance", "time"):
        if getattr(options, name) is None:
            raise Failure(f"a race needs its activity's id, or --date, --distance and --time; there is no --{name}")
    athlete = _one_athlete(db, options)
    distance_m, seconds = _metres(db, options.distance), None if takes_back else _seconds(db, options.time)
    if takes_back and not _is_told(db, athlete, options.date, distance_m):
        raise Failure(f"no race of athlete {athlete} over {distance_m:g} m was told on {options.date}")
    db.execute("INSERT INTO athlete_races (athlete_id, race_date, distance_m, seconds) VALUES (?, ?, ?, ?)", (athlete, options.date, distance_m, seconds))
    return f"race of athlete {athlete} on {options.date} over {distance_m:g} m" + ("" if takes_back else f" in {options.time}")


def _race_of_activity(db, words, options, takes_back):
    if len(words) != 1:
        raise Failure("race needs one activity's id")
    athlete, told = _owner(db, words[0]), {"is_race": None if takes_back else 1}
    if options.distance is not None or takes_back:
        told["official_m"] = None if takes_back else _metres(db, options.distance)
    if options.time is not None or takes_back:
        told["official_s"] = None if takes_back else _seconds(db, options.time)
    for setting, value in told.items():
        _set(db, athlete, words[0], setting, value)
    return f"activity {words[0]} of athlete {athlete}, race" + "".join(f", {name} {value}" for name, value in
                                                                      (("distance", options.distance), ("time", options.time)) if value is not None)


def _name(db, kind, words, options, takes_back):
    _allow(options, kind, "athlete")
    if len(words) != (not takes_back):
        raise Failure("name needs the name, in quotes if it has blanks" if not takes_back else "name is taken back without a word behind it")
    athlete = _one_athlete(db, options)
    db.execute("INSERT INTO athlete_names (athlete_id, name) VALUES (?, ?)", (athlete, None if takes_back else words[0]))
    return f"the name of athlete {athlete}" + ("" if takes_back else f", {words[0]}")


def _setting(db, kind, words, options, takes_back):
    _allow(options, kind, "athlete", "date")
    if not database.has(db, "athlete_profile_settings"):
        raise Failure("there is no place for settings yet: run the stages")
    if len(words) != 2 - takes_back or options.date is None:
        raise Failure("setting needs its name, a number and --date, the day from which it holds")
    athlete = _one_athlete(db, options)
    if takes_back:
        row = (athlete, words[0], options.date)
        if db.execute("DELETE FROM athlete_profile_settings WHERE (athlete_id, setting, valid_from) = (?, ?, ?)", row).rowcount == 0:
            raise Failure(f"athlete {athlete} has no {words[0]} from {options.date} on")
    else:
        row = (athlete, words[0], options.date, _number(words[0], words[1]))
        db.execute("INSERT OR REPLACE INTO athlete_profile_settings (athlete_id, setting, valid_from, value) VALUES (?, ?, ?, ?)", row)
    return f"{' '.join(words)} of athlete {athlete} from {options.date} on"


def _plan(db, kind, words, options, takes_back):
    """A race of the calendar by its distance, any other workout by its minutes and intensity."""
    if len(words) != 1:
        raise Failure("plan needs what is planned, race or a workout such as easy or long, and nothing else")
    needed = ["date"] + ([] if takes_back else ["distance"] if words[0] == "race" else ["minutes", "intensity"])
    _allow(options, f"plan {words[0]}", "athlete", *needed)
    for name in needed:
        if getattr(options, name) is None:
            raise Failure(f"plan {words[0]} needs --{name}")
    athlete = _one_athlete(db, options)
    minutes, intensity = (_number(f"--{name}", getattr(options, name)) if name in needed else None for name in ("minutes", "intensity"))
    distance_m = _metres(db, options.distance) if "distance" in needed else None
    if takes_back and not database.value(db, "SELECT EXISTS (SELECT 1 FROM athlete_plan_now WHERE (athlete_id, plan_date, workout_type) = (?, ?, ?))",
                                         athlete, options.date, words[0]):
        raise Failure(f"no {words[0]} of athlete {athlete} is planned on {options.date}")
    db.execute("INSERT INTO athlete_plan (athlete_id, plan_date, workout_type, minutes, intensity, distance_m) VALUES (?, ?, ?, ?, ?, ?)",
               (athlete, options.date, words[0], minutes, intensity, distance_m))
    return f"{words[0]} of athlete {athlete} planned on {options.date}" + "".join(f", {name} {getattr(options, name)}" for name in needed[1:])


def _separate(db, kind, words, options, takes_back):
    """Of two recordings at once, that they are of two trainings."""
    _allow(options, kind)
    if not database.has(db, "athlete_separate_trainings"):
        raise Failure("there is no place for trainings yet: run the stages")
    if len(words) != 1:
        raise Failure("separate needs the activity's id, and nothing else")
    row = (_owner(db, words[0]), words[0])
    if takes_back:
        if db.execute("DELETE FROM athlete_separate_trainings WHERE (athlete_id, activity_id) = (?, ?)", row).rowcount == 0:
            raise Failure(f"activity {words[0]} of athlete {row[0]} was not told to be a training of its own")
    else:
        db.execute("INSERT OR IGNORE INTO athlete_separate_trainings (athlete_id, activity_id) VALUES (?, ?)", row)
    return f"activity {words[0]} of athlete {row[0]}, a training of its own"


TELLERS = {"race": _race, "no-race": _activity, "not-mine": _activity, "rpe": _activity, "load": _activity, "name": _name, "setting": _setting,
           "separate": _separate, "plan": _plan}


def _set(db, athlete, activity, setting, value):
    db.execute("INSERT INTO athlete_activity_settings (athlete_id, activity_id, setting, value) VALUES (?, ?, ?, ?)", (athlete, activity, setting, value))


def _allow(options, kind, *names):
    for name in OPTIONS:
        if getattr(options, name) is not None and name not in names:
            raise Failure(f"{kind} takes no --{name}")


def _owner(db, activity):
    athlete = database.value(db, OWNER, activity)
    if athlete is None:
        raise Failure(f"there is no activity {activity}")
    return str(athlete)


def _one_athlete(db, options):
    known = [row[0] for row in db.execute("SELECT DISTINCT athlete_id FROM silver_strava_activities ORDER BY 1 LIMIT 5")]
    if options.athlete is not None:
        if not database.value(db, "SELECT EXISTS (SELECT 1 FROM silver_strava_activities WHERE athlete_id = ?)", options.athlete):
            raise Failure(f"there is no athlete {options.athlete}; here are {', '.join(known) or 'none'}")
        return options.athlete
    if len(known) != 1:
        raise Failure(f"--athlete says whose it is: here are {', '.join(known) or 'none'}")
    return known[0]


def _is_told(db, athlete, date, distance_m):
    return database.value(db, "SELECT EXISTS (SELECT 1 FROM athlete_races_now WHERE (athlete_id, race_date, distance_m) = (?, ?, ?))", athlete, date, distance_m)


def _number(name, text):
    value = numbers.number(text)
    if value is None:
        raise Failure(f"{name} is {text!r} where a number belongs")
    return value


def _metres(db, text):
    known = dict(db.execute("SELECT distance_class, distance_m FROM race_distances")) if database.has(db, "race_distances") else {}
    metres = known.get(text.lower(), numbers.number(text))
    if metres is None:
        raise Failure(f"--distance is {text!r} where metres, or one of {', '.join(known)}, belong")
    return metres


def _seconds(db, text):
    try:
        return float(database.value(db, "SELECT parse_hms(?)", text))
    except (sqlite3.Error, TypeError):
        raise Failure(f"--time is {text!r} where a time such as 45:10 or 3:58:12 belongs") from None
