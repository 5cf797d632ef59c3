"""Every function of the extension and a call of it that works, made from its own declaration. Virtual tables that have
to be created are not called; they have tests of their own.

A function whose arguments cannot be guessed from their types gets a line in EXAMPLES. All values are SQL expressions.
"""

import dataclasses

# What a declared type is given when nothing better is known.
BY_TYPE = {
    "any": "1",
    "text": "'some text'",
    "date": "'2024-03-01'",
    "options": "'{}'",
    "query": "'SELECT 1, 2, 3, 4'",
    "model": "'{}'",
}

MODEL = "(SELECT gbdt_train('{\"num_boost_round\": 2}', y, y) FROM (SELECT 1 AS y UNION ALL SELECT 2))"
CLUSTERS = "(SELECT kmeans_train('{\"k\": 2}', y) FROM (SELECT 1 AS y UNION ALL SELECT 2))"

GROUP = """'{"feature_group": "g", "version": "1.0.0", "description": "d", "entity": "e", "keys": ["k"],
    "source": "SELECT 1.5 AS x, json_array(1) AS k, date(0) AS event_timestamp",
    "features": [{"name": "x", "type": "numerical", "min": 0, "max": 9}, {"name": "y", "type": "text", "default": "a"}]}'"""
GROUP_ROWS = "'SELECT ''a'' AS k, ''2024-03-01T00:00:00Z'' AS event_timestamp, 1.5 AS x'"

# Channels of half an hour at 3 m/s on the flat.
TIME, METRES, HEIGHTS, BEATS = "X'010002880E020603840E'", "X'010002880E020E03840E'", "X'010001880E920303850E'", "X'010001880EB20403810706038107'"

# Function -> the SQL expressions of a whole call; for an aggregate they may use x, which is 1, 2, 3, …
EXAMPLES = {
    "exact_real": ["'5023.7'"],
    "attempt": ["'SELECT abs(?1)'", "-5"],
    "training_rows": ["""'{"labels": "SELECT 1 AS x"}'"""],
    "grade_factor": ["0.05", "'minetti'"],
    "flat_distance": ["20000", "900"],
    "hr_tss": ["60", "150", "190", "50", "165", "'f'"],
    "trimp": ["60", "150", "190", "50", "'m'"],
    "training_load": ["'SELECT 1, ''2024-03-01'', 50, 10, 55, 5.5, 20'", "'{}'"],
    "training_forecast": ["'SELECT 1, ''2024-03-01'', 50, 10, 55, 5.5, 20, NULL UNION ALL SELECT 1, ''2024-03-03'', 20, 4, 22, 5.5, 20, ''a'''", "'{}'"],
    "active_days": ["'SELECT 1, 10, 1 UNION ALL SELECT 1, 11, 0'"],
    "similar_pace": ["'SELECT 1, 10, ''a'', 5.0, 1, 8, 4, 18, 2 UNION ALL SELECT 1, 30, ''q'', NULL, 8, 9, 4, 18.5, 2'"],
    "gbdt_predict": [MODEL, "1.5"],
    "gbdt_margin": [MODEL, "1.5"],
    "gbdt_score": [MODEL, "'SELECT ''a'', 1.5 UNION ALL SELECT ''b'', NULL'", "'{}'"],
    "gbdt_export": [MODEL, "'lightgbm'"],
    "gbdt_slice": [MODEL, "'[0, 1]'"],
    "gbdt_import": [f"gbdt_export({MODEL}, 'lightgbm')"],
    "gbdt_explain": [MODEL, "'SELECT 1, 1.5'", "'{}'"],
    "gbdt_interactions": [MODEL, "'SELECT 1, 1.5'", "'{}'"],
    "gbdt_importance": [MODEL, "'SELECT 1, 1.5'", "'{}'"],
    "gbdt_trees": [MODEL],
    "gbdt_options_fault": ["'{\"eta\": 2}'", "3"],
    "gbdt_fit": ["'{\"num_boost_round\": 2}'", "'SELECT 1 AS y, 2 AS a UNION ALL SELECT 3, 4'"],
    "time_series_split": ["10", "3", "1", "2"],
    "time_series_split_dates": ["'SELECT 1, ''2024-03-01'' UNION ALL SELECT 2, ''2024-03-02'' UNION ALL SELECT 3, ''2024-03-03'''", "2", "0"],
    "feature_group_fault": [GROUP, GROUP],
    "feature_group_times": [GROUP],
    "feature_group_trial": [GROUP, GROUP],
    "feature_group_ddl": [GROUP, "NULL", GROUP],
    "feature_group_ingest": [GROUP, GROUP_ROWS, "'{}'"],
    "feature_validate": [GROUP, GROUP_ROWS],
    "leakage_report": ["'SELECT 1 AS y, ''2024-03-01'' AS t, 2 AS x, ''2024-03-02'' AS known'", "'{\"label\": \"y\", \"as_of\": \"t\", \"available\": {\"x\": \"known\"}}'"],
    "block_bootstrap": ["x", "x % 3", "'{\"resamples\": 100}'"],
    "kmeans_train": ["'{\"k\": 2}'", "x", "x % 3"],
    "kmeans_fit": ["'{\"k\": 2}'", "'SELECT 1, 2.5 AS a UNION ALL SELECT 2, 4 UNION ALL SELECT 3, 9'"],
    "kmeans_choose": ["'{\"k_max\": 3, \"resamples\": 2, \"starts\": 1}'", "'SELECT 1, 2.5 AS a UNION ALL SELECT 2, 4 UNION ALL SELECT 3, 9'"],
    "kmeans_predict": [CLUSTERS, "1.5"],
    "kmeans_distance": [CLUSTERS, "1.5"],
    "kmeans_score": [CLUSTERS, "'SELECT ''a'', 1.5 UNION ALL SELECT ''b'', NULL'"],
    "kmeans_centers": [CLUSTERS],
    "silhouette": ["x % 3", "x"],
    "roc_auc": ["x", "x % 2"],
    "log_loss": ["0.5", "x % 2"],
    "brier_score": ["0.5", "x % 2"],
    "brier_skill": ["0.5", "x % 2", "0.25"],
    "expected_calibration_error": ["0.5", "x % 2", "2", "'quantile'"],
    "calibration_fit": ["'platt'", "x", "x > 3"],
    "calibrate": ["(SELECT calibration_fit('isotonic', y, y > 1) FROM (SELECT 1 AS y UNION ALL SELECT 2))", "1.5"],
    "cbpe": ["'VALUES (0.9, 1, 1), (0.2, 0, 0)'", "'VALUES (0.9, 1, NULL)'", "'{\"chunks\": 1}'"],
    "dle": ["'VALUES (1, 2), (3, 2)'", "'VALUES (4, NULL)'", "'{\"metric\": \"rmse\"}'"],
    "group_split": ["'SELECT 1, ''a'' UNION ALL SELECT 2, ''b'' UNION ALL SELECT 3, ''a'''", "2", "1"],
    "ks_statistic": ["x", "x % 2"],
    "ks_pvalue": ["x", "x % 2", "'exact'"],
    "wasserstein": ["x", "x % 2"],
    "psi": ["x", "x % 2", "2"],
    "js_distance": ["x", "x % 2", "2", "2"],
    "total_variation": ["x", "x % 2", "2"],
    "linf": ["x", "x % 2", "2"],
    "ks_test": ["'SELECT 1 UNION ALL SELECT 2'", "'SELECT 2 UNION ALL SELECT 3'"],
    "mean_shift_test": ["'SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 4'", "'SELECT 3'"],
    "reconstruction_test": ["'SELECT 1 AS x, 5 AS y UNION ALL SELECT 2, 3 UNION ALL SELECT 4, 4'", "'SELECT 3, 1'", "0.65"],
    "drift": ["'SELECT 1 AS x, 2 AS y UNION ALL SELECT 2, ''a'' AS z'", "'SELECT NULL AS y, 2 AS x UNION ALL SELECT 1, 3'"],
    "drift_samples": ["'SELECT 3 AS s, 1 AS x, 2 AS y UNION ALL SELECT 4, 2, ''a'''", "2"],
    "profile": ["'SELECT 1 AS x, 2 AS y UNION ALL SELECT 2, ''a'''"],
    "chi2_test": ["'SELECT 1 UNION ALL SELECT ''a'' AS x'", "'SELECT 2 UNION ALL SELECT NULL'"],
    "broken_rules": ["'SELECT 1 AS k, 2 AS x, NULL AS at'", "'SELECT ''large'', ''x > 5 AND date(at) IS NULL'' UNION ALL SELECT ''none'', ''random() > x'''"],
    "json_fields": ["'{\"distance\": 5000.5, \"name\": null}'", "'[{\"field\": \"distance\", \"type\": \"number\"}]'"],
    "as_of_instant": ["'2024-03-01'", "'second'"],
    "row_instant": ["'2024-03-01'", "'second'", "0"],
    "svg_line": ["'{}'", "x", "x"],
    "svg_band": ["'{}'", "x", "x", "x + 1", "x"],
    "svg_bars": ["'{}'", "x", "x"],
    "svg_calendar": ["'{}'", "date('2024-03-01', x || ' days')", "x"],
    "stream_values": [TIME, METRES],
    "stream_mean": [TIME, BEATS],
    "heart_rate_seconds": [TIME, BEATS],
    "graded_pace": [TIME, METRES, HEIGHTS, "'minetti'"],
    "normalized_graded_pace": [TIME, METRES, HEIGHTS, "'minetti'"],
    "normalized_power": [TIME, BEATS],
    "decoupling": [TIME, METRES, HEIGHTS, BEATS],
    "json_objects": ["'[{\"id\": 1}, {\"id\": 2}]'"],
}

ROWS = "(WITH RECURSIVE t(x) AS (VALUES(1) UNION ALL SELECT x + 1 FROM t WHERE x < 7) SELECT x FROM t)"


@dataclasses.dataclass(frozen=True)
class Argument:
    name: str
    type: str
    optional: bool
    nullable: bool
    repeated: bool
    min: float | None
    max: float | None
    above_min: bool
    below_max: bool

    def base(self):
        """An SQL expression inside the declared range."""
        if self.type not in ("number", "integer"):
            return BY_TYPE[self.type]
        low, high = self.min, self.max
        if low is None and high is None:
            return "3"
        if low is None:
            x = high - 1
        elif high is None:
            x = low + 1
        else:
            x = (low + high) / 2 if high - low < 20 else low + 5
        return str(int(x)) if self.type == "integer" or x == int(x) else repr(x)


@dataclasses.dataclass(frozen=True)
class Function:
    name: str
    kind: str
    trust: str
    arguments: tuple

    @property
    def required(self):
        return next((i for i, a in enumerate(self.arguments) if a.optional), len(self.arguments))

    @property
    def most(self):
        """The number of arguments that are always too many, or None if any number may come."""
        return None if self.arguments and self.arguments[-1].repeated else len(self.arguments)

    def base(self):
        """The SQL expressions of a call that works."""
        return EXAMPLES.get(self.name) or [a.base() for a in self.arguments]

    def queries(self, values):
        """Every way in which the function can stand in a query, called with these SQL expressions."""
        call = f"{self.name}({', '.join(values)})"
        if self.kind == "scalar":
            yield f"SELECT {call} FROM {ROWS}"
        elif self.kind == "table":
            yield f"SELECT * FROM {call} LIMIT 50"
        else:
            yield f"SELECT {call} FROM {ROWS}"
            yield f"SELECT x % 2, {call} FROM {ROWS} GROUP BY x % 2"
            yield f"SELECT {call} FROM {ROWS} WHERE x < 0"
        if self.kind == "window":
            for frame in FRAMES:
                yield f"SELECT {call} OVER (ORDER BY x {frame}) FROM {ROWS}"

    def constraint_query(self, values):
        """A table function with its arguments as constraints on hidden columns, from another table."""
        names = [a.name for a in self.arguments][: len(values)]
        inner = ", ".join(f"{v} AS a{i}" for i, v in enumerate(values))
        where = " AND ".join(f'f."{n}" = s.a{i}' for i, n in enumerate(names))
        return f"SELECT f.* FROM (SELECT {inner}) AS s, {self.name} AS f WHERE {where} LIMIT 50"


FRAMES = [
    "ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING",
    "ROWS BETWEEN 2 FOLLOWING AND 3 FOLLOWING",
    "ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW",
    "GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW EXCLUDE CURRENT ROW",
]


def declared(db):
    """All functions, from the extension's own tables."""
    arguments = {}
    for function, _, name, kind, optional, nullable, repeated, low, high, above, below in db.execute(
        "SELECT function, position, name, type, optional, nullable, repeated, min, max, above_min, below_max"
        " FROM athlete_arguments ORDER BY function, position"
    ):
        row = Argument(name, kind, bool(optional), bool(nullable), bool(repeated), low, high, bool(above), bool(below))
        arguments.setdefault(function, []).append(row)
    return [
        Function(name, kind, trust, tuple(arguments.get(name, ())))
        for name, kind, trust in db.execute("SELECT name, kind, trust FROM athlete_functions WHERE kind <> 'virtual table' ORDER BY name")
    ]
