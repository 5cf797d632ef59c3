"""A task: one partition of athletes, advanced and written whole."""

import os
import pathlib
import shutil
import time

import checks
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import tables
from advancing import name_of
from common.database import Failure
from crew import Refusal, crew_of
from groups import ExchangeError
from keys import athlete_of
from place import Place, athletes_in, is_plain, made_by
from scratch import at_hand, scratch_in

ATHLETES = pa.schema([("athlete_id", pa.string()), ("outcome", pa.string()), ("objects", pa.int64()), ("seconds", pa.float64()), ("made_by", pa.string())])
REJECTS = pa.schema([("athlete_id", pa.string()), ("stage", pa.string()), ("message", pa.string()), ("object", pa.string())])
NOBODY = "the object names no athlete"


def run(job, number, lines):
    """Advances the athletes whose objects (lines of JSON, as bytes, in the order in which they arrived) are given, and everybody if
    the template is another than the one that made the version before. A list of {athlete_id, partition, outcome, stage, message,
    objects, seconds}, one for each athlete and each line of nobody's."""
    try:
        return _run(job, number, lines)
    except OSError as error:
        raise Failure(f"partition {number} of {job['folder']} stays as it was: {error}") from error


def _run(job, number, lines):
    checks.worker(job["extension"], job["extension_sha256"], job["scratch"], job["stages_sha256"])
    place = Place(job["folder"])
    arrived, unclaimed = _by_athlete(lines)
    before, version = place.version(number), place.begin(number)
    with scratch_in(job["scratch"]) as scratch, at_hand(place.template, job["scratch"]) as template, crew_of(job["extension"], job["limit_s"]) as crew:
        task = _Task(job, before, version, scratch, template, crew)
        outcomes = [task.athlete(athlete, arrived.get(athlete, b"")) for athlete in sorted({*arrived, *task.earlier, *task.refused})]
        outcomes += [_outcome(None, "unclaimed", "split", NOBODY, 1, 0.0) | {"object": line.decode(errors="replace")} for line in unclaimed]
        _write(version, before, outcomes, task, job["made_by"])
    place.publish(number, version, before, job.get("job"))
    if job["delta"]:
        import delta  # its package is needed by those who ask for it

        delta.write(place, job["delta"], number, job.get("job"))
    return [{**outcome, "partition": number} for outcome in outcomes]


def _by_athlete(lines):
    arrived, unclaimed = {}, []
    for line in lines:
        athlete = athlete_of(line)
        if athlete is None:
            unclaimed.append(line)
        else:
            arrived.setdefault(athlete, []).append(line)
    return {athlete: b"\n".join(own) for athlete, own in arrived.items()}, unclaimed


def _outcome(athlete, outcome, stage=None, message=None, objects=0, seconds=0.0):
    return {"athlete_id": athlete, "outcome": outcome, "stage": stage, "message": message, "objects": objects, "seconds": seconds}


class _Task:
    def __init__(self, job, before, version, scratch, template, crew):
        self._version, self._scratch, self._template, self._crew = version, scratch, template, crew
        self.earlier, self.refused = athletes_in(before), athletes_in(before, "refused", ".ndjson")
        self.layouts = tables.layouts(template)
        self.tables = {}  # of each athlete that was advanced
        self._is_same = before is not None and made_by(before) == job["made_by"]

    def athlete(self, athlete, arrived):
        earlier, refused = self.earlier.get(athlete), self.refused.get(athlete)
        objects = (refused.read_bytes() if refused else b"") + arrived
        if earlier and not objects and self._is_same:
            os.link(earlier, self._version / "files" / name_of(athlete))
            return _outcome(athlete, "kept")
        waiting, file, start = self._scratch / "objects.ndjson", self._scratch / "athlete.db", time.perf_counter()
        waiting.write_bytes(objects)
        refusal = self._crew.advance(self._template, waiting if objects else None, earlier, file) or self._tables(athlete, file)
        counted = {"objects": objects.count(b"\n") + bool(objects), "seconds": time.perf_counter() - start}
        if refusal:
            if earlier:
                os.link(earlier, self._version / "files" / name_of(athlete))
            (self._version / "refused" / f"{athlete}.ndjson").write_bytes(objects + b"\n" * bool(objects))
            return _outcome(athlete, "refused", refusal.stage, refusal.message, **counted)
        shutil.move(file, self._version / "files" / name_of(athlete))
        return _outcome(athlete, "advanced", **counted)

    def _tables(self, athlete, file):
        """None, or why the tables of the file cannot be taken: who has it in hand may have written anything into it."""
        try:
            self.tables[athlete] = tables.read(file, self.layouts, athlete)
        except ExchangeError as error:
            return Refusal("its tables are read", str(error))
        return None


def _write(version, before, outcomes, task, maker):
    advanced = pa.array(sorted(task.tables), pa.string())
    for layout in task.layouts:
        parts = [task.tables[athlete][layout.name] for athlete in sorted(task.tables)]
        if before is not None:
            parts.append(_others(before / f"{layout.name}.parquet", layout, advanced))
        whole = pa.concat_tables([layout.schema.empty_table(), *parts])
        _parquet(whole.take(pc.sort_indices(whole[tables.owner_of(layout.schema)])), version / f"{layout.name}.parquet")
    known = {row["athlete_id"]: row for row in _rows(before, "athletes", ATHLETES)}
    rows = [known[o["athlete_id"]] if o["outcome"] == "kept" and o["athlete_id"] in known else {name: o[name] for name in ("athlete_id", "outcome", "objects", "seconds")} | {"made_by": maker}
            for o in outcomes if o["athlete_id"] is not None]
    _parquet(pa.Table.from_pylist(rows, ATHLETES), version / "athletes.parquet")
    rejects = [{name: o.get(name) for name in REJECTS.names} for o in outcomes if o["message"]]
    # a line of nobody's stays told
    told = {row["object"] for row in rejects}
    rejects = [row for row in _rows(before, "rejects", REJECTS) if row["athlete_id"] is None and row["object"] not in told] + rejects
    _parquet(pa.Table.from_pylist(rejects, REJECTS), version / "rejects.parquet")
    (version / "made_by").write_text(maker)


def _others(path, layout, advanced):
    """The rows of those who were not advanced; a table or column that is new has none of theirs."""
    if not is_plain(path):
        return layout.schema.empty_table()
    with tables.readable(path):
        found = pq.read_table(path, partitioning=None)
        found = found.filter(pc.invert(pc.is_in(tables.owners(found), advanced)))
        columns = [found[field.name].cast(field.type) if field.name in found.schema.names else pa.nulls(found.num_rows, field.type) for field in layout.schema]
        return pa.table(columns, layout.schema)


def _rows(version, name, schema):
    """Of a table that every version has."""
    path = version and version / f"{name}.parquet"
    if path is None or not is_plain(path):
        return []
    with tables.readable(path):
        return pq.read_table(path, partitioning=None).select(schema.names).cast(schema).to_pylist()


def _parquet(table, path):
    pq.write_table(table, path, compression="zstd", compression_level=1)
