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
    "gbdt_train: many rounds": lambda: (
        "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 40000) "
        "SELECT length(gbdt_train('{\"num_boost_round\": 20000}', i % 97, i * 7919 % 1009, i * 104729 % 7919, i % 31)) FROM n",
        (),
    ),
    "gbdt_fit: many rounds": lambda: (
        "SELECT rows FROM gbdt_fit('{\"num_boost_round\": 20000}', "
        "'WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 40000) "
        "SELECT i % 97 AS y, i * 7919 % 1009 AS a, i * 104729 % 7919 AS b, i % 31 AS c FROM n')",
        (),
    ),
    "gbdt_score: a long query": lambda: (
        "SELECT count(*) FROM gbdt_score((SELECT gbdt_train('{}', value, value) FROM json_each('[1, 2, 3]')), "
        "'WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n) SELECT i, i FROM n LIMIT 100000000')",
        (),
    ),
    "quantile: a wide frame": lambda: (
        "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 60000) "
        "SELECT sum(q) FROM (SELECT quantile(i * 7919 % 1009, 0.5) OVER (ORDER BY i ROWS 50000 PRECEDING) AS q FROM n)",
        (),
    ),
    "training_load: a long life": lambda: (
        "SELECT count(*) FROM (SELECT a.value AS id FROM json_each('[' || substr(replace(hex(zeroblob(5000)), '00', ',1'), 2) || ']') AS a), "
        "training_load('SELECT 1, ''1900-01-01'', 50, 10, 50, 5, 10 UNION ALL SELECT 1, ''2099-01-01'', 50, 10, 50, 5, 10')",
        (),
    ),
}
