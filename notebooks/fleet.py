# Databricks notebook source
# MAGIC %md
# MAGIC # Many athletes on Spark
# MAGIC
# MAGIC Raw lines of JSON (bronze) become a database for each athlete, and from those one table of each feature group (silver, features) and of
# MAGIC each prediction (gold), as Parquet and as Delta Lake. The formulas are the `.sql` stages of the project, which run inside each task.
# MAGIC
# MAGIC On a laptop: `build/engines/bin/python notebooks/fleet.py run fleet raw`.

# COMMAND ----------

import pathlib
import sys

HERE = pathlib.Path(globals().get("__file__", "notebooks/fleet.py")).resolve().parents[1]
sys.path[:0] = [str(HERE / "sql" / "tools" / "fleet"), str(HERE / "sql" / "tools")]

import asking  # noqa: E402
import job  # noqa: E402
import pool  # noqa: E402
from engines import on_spark  # noqa: E402

# COMMAND ----------
# MAGIC %md
# MAGIC ## One morning
# MAGIC Whoever has something new is advanced; the others cost nothing.

# COMMAND ----------


def run(fleet, raw, delta=None, session=None):
    yield from job.run(on_spark, fleet, [raw], told={"delta": delta}, session=session)


# COMMAND ----------
# MAGIC %md
# MAGIC ## Models of all
# MAGIC The labelled rows of every file train on one machine; the next morning every file has the champions.

# COMMAND ----------


def pooled(fleet, session=None):
    yield from pool.run(on_spark, fleet, session=session)


# COMMAND ----------
# MAGIC %md
# MAGIC ## A look at everybody
# MAGIC Form of the latest day of each athlete, from Parquet; `spark.read.parquet` or Delta say the same.

# COMMAND ----------

FORM = """
    SELECT athlete_id, max(event_timestamp_text) AS day, arg_max(round(ctl_42d, 1), event_timestamp) AS ctl, arg_max(round(tsb, 1), event_timestamp) AS tsb
    FROM athlete_rolling_features GROUP BY athlete_id ORDER BY athlete_id LIMIT 20"""


def looked(fleet):
    yield from asking.rows(fleet, FORM)


# COMMAND ----------

if __name__ == "__main__" and len(sys.argv) > 1:
    ways = {"run": run, "pool": pooled, "look": looked}
    for sentence in ways[sys.argv[1]](*sys.argv[2:]):
        print(sentence)
