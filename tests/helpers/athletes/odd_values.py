"""What a stranger's JSON may hold where a number, a text or a list should be: values, the fields that stages read, and
which of the values each field may have. The values are JSON texts, since Python's json cannot write most of them."""

import json

DIGITS_400 = "7" * 400
VALUES = {
    "null": "null", "true": "true", "false": "false", "word": '"x"', "empty text": '""', "clock": '"1:30"', "long clock": '"1:30:00"', "with a unit": '"40.2 km"',
    "numeric text": '"1800"', "hexadecimal text": '"0x10"', "empty list": "[]", "empty object": "{}", "list of null": "[null]", "nested id": '{"id":{"id":[7]}}',
    "infinity": "1e999", "minus infinity": "-1e999", "almost 0": "1e-320", "a little more": "1e-300", "less than every double": "1e-400", "the least whole": "-9223372036854775808",
    "2^63": "9223372036854775808", "2^64": "18446744073709551616", "400 digits": DIGITS_400, "minus 400 digits": "-" + DIGITS_400, "1e308": "1e308",
    "-1e308": "-1e308", "minus 0": "-0.0", "fraction": "1800.5", "whole fraction": "1800.0", "zero": "0", "minus 1": "-1",
    "long text": json.dumps("long " * 40_000), "deep list": "[" * 60 + "]" * 60, "not deep enough to be refused": '{"a":' * 50 + "1" + "}" * 50,
    "escapes": '"\\u00e9\\n\\ud83d\\ude00"', "SQL": '"\'; DROP TABLE ops_runs; --"', "no day": '"2026-02-30T10:00:00Z"', "hour 24": '"2024-05-01T24:00:00Z"', "year 0": '"0000-01-01T00:00:00Z"',
    "year 9999": '"9999-12-31T23:59:59Z"', "just a day": '"2024-05-01"', "now": '"now"', "Julian day": "2460000.5", "no offset": '"2024-05-01T10:00:00+99:00"',
    "an offset": '"2024-05-01T10:00:00+02:00"', "twice": None,
}
# Those that fault the whole text and so are never an object at all.
MALFORMED = {"zero character": '"\\u0000"', "half a pair": '"\\ud800"', "too deep": "[" * 2000 + "]" * 2000, "no JSON": "NaN", "octal": "017"}

NUMBERS = {"almost 0", "a little more", "less than every double", "the least whole", "2^63", "2^64", "400 digits", "minus 400 digits", "1e308", "-1e308", "minus 0", "fraction",
           "whole fraction", "zero", "minus 1", "infinity", "minus infinity", "Julian day"}
TEXTS = {"word", "empty text", "clock", "long clock", "with a unit", "numeric text", "hexadecimal text", "escapes", "SQL", "no day", "hour 24", "year 0", "year 9999", "just a day",
         "now", "no offset", "an offset"}
LISTS = {"empty list", "list of null", "deep list"}
SMALL = {"numeric text", "whole fraction", "fraction", "zero", "minus 1", "minus 0"}

# What each field may have without a reject. Null says that nothing is known, which no field but those that an activity
# cannot do without has to say in a reject.
HEART = {"null", "minus 0", "zero", "minus 1"}  # no heart has them, and a warning says so
ACTIVITY = {
    "start_date": {"an offset"}, "start_date_local": {"null", "an offset", "year 9999"}, "utc_offset": {"null", *SMALL} - {"fraction"},
    "elapsed_time": set(), "moving_time": {*SMALL} - {"minus 1", "zero", "minus 0"},
    "distance": {"null", *SMALL} - {"minus 1"}, "sport_type": {"null", "word", "now"}, "type": {"null", "word", "now"}, "workout_type": {"null", "zero", "minus 0"},
    "name": {"null", *TEXTS}, "trainer": {"null", "true", "false", "zero"}, "manual": {"null", "true", "false", "zero"}, "flagged": {"null", "true", "false", "zero"},
    "total_elevation_gain": {"null", *SMALL} - {"minus 1"}, "max_speed": {"null", *SMALL, "Julian day"} - {"Julian day"},
    "average_heartrate": {"null"}, "max_heartrate": {"null"}, "average_cadence": {"null", "zero", "minus 0", "minus 1"}, "average_temp": {"null", "zero", "minus 0", "minus 1"},
    "laps": {"null", *LISTS}, "splits_metric": {"null", *LISTS}, "best_efforts": {"null", *LISTS},
}
PART = {
    "name": {"null", *TEXTS}, "distance": {*SMALL, "Julian day"} - {"minus 1"}, "moving_time": {*SMALL} - {"minus 1"}, "elapsed_time": {*SMALL} - {"minus 1"},
    "average_heartrate": {"null"}, "max_heartrate": {"null"},
}
LAP = PART | {"lap_index": {"numeric text", "whole fraction", "zero", "minus 0"}, "total_elevation_gain": {"null", *SMALL, "Julian day"}}
SPLIT = PART | {"split": {"numeric text", "whole fraction", "zero", "minus 0"}, "elevation_difference": {"null", *SMALL, "Julian day"}}
IDENTITY = {"id": {"2^63", "2^64", "numeric text"}, "athlete": set(), "resource_state": {"null"}}
ATHLETE = {"sex": {"null"}, "birthdate": {"null", "just a day", "an offset"}}
RUNNER = {
    "age": {"null", "empty text"}, "female": {"null", "empty text", "zero", "minus 0"}, "bmi": {"null", "empty text"}, "endurancespeed": {"null", "empty text"},
    "sprint": {"null", "empty text", "zero", "minus 0"}, "tempo": {"null", "empty text", "zero", "minus 0"}, "typical": {"null", "empty text", "zero", "minus 0"},
    "max": {"null", "empty text", "zero", "minus 0"}, "k5_ti": {"null", "empty text", "numeric text", "whole fraction", "fraction"},
    "k5_tr": {"null", "empty text"}, "k5_di": {"null", "empty text"}, "mf_ti": {"null", "empty text"},
}


def with_value(thing, field, name):
    """The object's JSON text in which the field has the value, or is there twice."""
    values = VALUES | MALFORMED
    if name == "twice":
        return json.dumps(thing)[:-1] + f", {json.dumps(field)}: 7}}"
    mark = "\x1a odd"
    return json.dumps(thing | {field: mark}).replace(json.dumps(mark), values[name])

