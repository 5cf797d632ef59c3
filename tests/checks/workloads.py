"""Calls that would run for seconds if nobody stopped them: name -> (SQL, parameters).

One line for every function that can work long inside a single call. What runs long only because it is called for
many rows need not be here: between two rows SQLite looks by itself.
"""


def nested_objects(n):
    """Broken at every line and nested, so that each line is a place where reading could go on and is tried, 64 deep."""
    return ('{"padding":"' + "x" * 2000 + '",\n"next":\n') * n


WORKLOADS = {
    "json_objects: nowhere to go on": lambda: ("SELECT count(*) FROM json_objects(?)", (nested_objects(20_000),)),
    "json_objects: long arrays": lambda: (
        "SELECT count(*) FROM json_objects(?)",
        (('{"a":[' + "1," * 1_000_000 + "\n") * 30,),
    ),
}
