"""Models of all athletes: their labelled rows are collected from the files, one database trains, and every file gets the champions.

A row is a JSON object, as training_rows() makes it of one file: what its athlete's features were at the time. Training does not depend on
the order of rows, so that however they were spread over shards the model is the same, to the byte.
"""

import os
import pathlib
import time

import job as jobs
import place
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from common import database, stages
from common.database import Failure
from keys import partition_of
from scratch import at_hand

# What one training takes at most (2^26), which is some 16 GB.
LIMIT_ROWS = 1 << 26
ROWS = pa.schema([("model", pa.string()), ("entity", pa.string()), ("origin", pa.string()), ("row", pa.string())])
# As the stages 540 and 544 ask: rows with a label for a learner of labels, everybody's last state for one without.
ASKED = """
    SELECT m.model, json_object('labels', 'SELECT * FROM (' || m.rows_sql || char(10) || ') WHERE label IS ' || CASE m.learner WHEN 'kmeans' THEN 'NULL' ELSE 'NOT NULL' END,
                                'as_of', 'known_at', 'lookups', json(m.lookups), 'computed', json(m.computed)), m.entity
    FROM ml_models_current AS m WHERE m.learner IN ('gbdt', 'kmeans', 'rule') ORDER BY m.model"""
# Of the rows of this file's athletes. Where they come from is said by those who know it, the file that has the activities.
FOUND = """
    SELECT ?1, f.entity, COALESCE(f.row ->> '$.origin',
           CASE WHEN EXISTS (SELECT 1 FROM silver_from_api AS a
                             WHERE a.athlete_id = f.entity AND a.from_date <= max(COALESCE(date(f.row ->> '$.label_at'), f.row ->> '$.as_of_date'), f.row ->> '$.as_of_date'))
                THEN 'strava_api' ELSE '' END), f.row
    FROM (SELECT row, row ->> ('$."' || ?3 || '"') AS entity FROM training_rows(?2)) AS f
    WHERE f.entity IN (SELECT DISTINCT athlete_id FROM silver_strava_activities) ORDER BY f.entity, f.row"""


def rows_of(path, athlete):
    """The rows of one athlete's file, as an Arrow table; where it cannot be asked, one row without a model that says why."""
    found = []
    try:
        with database.opened(path, reads_only=True) as db:
            for model, spec, entity in db.execute(ASKED).fetchall():
                found += db.execute(FOUND, (model, spec, entity)).fetchall()
        if others := [whose for _, whose, *_ in found if whose != athlete]:
            raise Failure(f"it has rows of athlete {str(others[0])[:40]}")
        columns = zip(*found) if found else [[]] * len(ROWS)
        return pa.table([pa.array(list(column), pa.string()) for column in columns], ROWS)
    except (Failure, pa.ArrowException, ValueError) as error:
        return pa.Table.from_pylist([{"entity": athlete, "row": " ".join(str(error).split())}], ROWS)


def task(job, number, folder):
    """Writes the rows of a partition, whole."""
    os.environ["ATHLETE_EXTENSION"] = job["extension"]
    here = place.Place(job["folder"])
    parts = []
    for athlete, file in place.athletes_in(here.version(number)).items():
        with at_hand(file, job.get("scratch")) as near:
            parts.append(rows_of(near, athlete))
    whole = pathlib.Path(folder) / f"{number:05d}.parquet"
    pq.write_table(pa.concat_tables([ROWS.empty_table(), *parts]), f"{whole}.new", compression="zstd")
    os.replace(f"{whole}.new", whole)
    return number


def train(pool, files, limit=LIMIT_ROWS):
    """Trains in the pool with the rows of files of Parquet; sentences about what came of it."""
    left_out = [row for file in files for batch in pq.ParquetFile(file).iter_batches(columns=["model", "entity", "row"]) for row in batch.filter(pc.is_null(batch["model"])).to_pylist()]
    n = sum(pq.ParquetFile(file).metadata.num_rows for file in files) - len(left_out)
    share = min(1.0, limit / max(n, 1))
    with database.opened(pool) as db:
        before = database.value(db, "SELECT COALESCE(MAX(run_id), 0) FROM ml_runs")
        with database.beside_readers(db):
            with database.transaction(db):
                db.execute("DELETE FROM ml_pooled_rows")
                db.execute("DELETE FROM ml_looks WHERE stage IN ('540_train_models', '544_cluster_models')")  # so that they look now
                for file in files:
                    for batch in pq.ParquetFile(file).iter_batches():
                        db.executemany("INSERT INTO ml_pooled_rows (model, entity, origin, row) VALUES (?, ?, ?, ?)", _kept(batch, share))
                kept = database.value(db, "SELECT COUNT(*) FROM ml_pooled_rows")
            stages.run(db, pool, stages.all_of_them())
        if share < 1:
            db.execute("INSERT OR REPLACE INTO ml_run_tags (run_id, name, value) SELECT run_id, 'sampled', ? FROM ml_runs WHERE run_id > ?",
                       (f"{kept} of {n} rows: athletes whose SHA-256 is below {share:.6f} of its range", before))
        yield f"{kept} of {n} rows"
        yield from (f"  nothing of athlete {row['entity']}: {row['row'][:300]}" for row in left_out[:jobs.REASONS])
        if len(left_out) > jobs.REASONS:
            yield f"  and of {len(left_out) - jobs.REASONS} athletes more"
        for model, status, version, reason in db.execute("SELECT model, status, version, reason FROM ml_runs WHERE run_id > ? ORDER BY run_id", (before,)):
            yield f"  {model}: {f'version {version}' if status == 'finished' else reason}"


def _kept(batch, share):
    """All rows of an athlete or none."""
    steps = 1 << 32
    return [tuple(row.values()) for row in batch.to_pylist() if row["model"] is not None and (share >= 1 or partition_of(row["entity"], steps) < share * steps)]


def run(engine, folder, limit=LIMIT_ROWS, **options):
    here = place.Place(folder)
    numbers = here.numbers()
    if not numbers:
        raise Failure(f"{here.folder} has no athletes yet")
    with here.alone(), jobs.scratch_of(job := jobs.made(folder)) as rows:
        start = time.perf_counter()
        engine.rows(job, numbers, rows, **options)
        yield f"rows collected in {time.perf_counter() - start:.1f} s"
        with at_hand(here.pool, job["scratch"], writes=True) as near:
            yield from train(near, sorted(pathlib.Path(rows).glob("*.parquet")), limit)
