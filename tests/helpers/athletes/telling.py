"""What athletes tell, at random: rows for the tables that are there for it, as statements with their parameters."""

SETTING = "INSERT INTO athlete_activity_settings (athlete_id, activity_id, setting, value, told_at) VALUES (?, ?, ?, ?, ?)"
RACE = "INSERT INTO athlete_races (athlete_id, race_date, distance_m, seconds, told_at) VALUES (?, ?, ?, ?, ?)"
DISTANCES = {"5k": 5000.0, "5mi": 8046.72, "10k": 10000.0, "10mi": 16093.44, "21k": 21097.5, "42k": 42195.0}


def of_activity(rng, activity, at):
    """A word on an activity, or one that takes what was said back."""
    setting, value = rng.choice([("is_mine", 0), ("is_mine", 0), ("is_mine", 1), ("is_race", 0), ("is_race", 1), ("rpe", rng.choice([0, 3, 7.5, 10])),
                                 ("load_tss", rng.choice([0, 88.5])), ("official_m", rng.choice([5000, 10000, 21097.5, 12000])),
                                 ("official_s", rng.randint(1500, 5000))])
    return SETTING, (str(activity["athlete"]["id"]), str(activity["id"]), setting, None if rng.random() < 0.25 else value, at)


def of_day(rng, athlete, day, at, distances=(5000.0, 10000.0, 21097.5, 15000.0)):
    """A race told by its day, or taken back."""
    distance = rng.choice(distances)
    return RACE, (str(athlete), day, distance, None if rng.random() < 0.25 else round(distance / rng.uniform(2.6, 4.8)), at)
