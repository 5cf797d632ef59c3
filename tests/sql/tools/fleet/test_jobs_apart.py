"""What a job, a worker or a folder has that is another one's: it is told, and nothing that came later is lost."""

import contextlib
import json
import random
import sqlite3

import pytest

from helpers.stores import fleets


def outline(folder, partitions, athletes=()):
    """What a fleet has, without a row in it."""
    import keys
    import place

    here = place.Place(folder)
    here.make(partitions)
    for number in {keys.partition_of(athlete, partitions) for athlete in athletes}:
        version = here.begin(number)
        for athlete in athletes:
            if keys.partition_of(athlete, partitions) == number:
                (version / "files" / f"{athlete}.db").write_bytes(b"")
        here.publish(number, version)
    return here


def test_of_two_tasks_at_a_partition_the_first_ones_version_stays(tmp_path):
    here = outline(tmp_path / "out", 1)
    with here.alone() as job:
        first, second = here.begin(0), here.begin(0)
        here.publish(0, first, None, job)
        here.publish(0, second, None, job)
        assert here.version(0) == first and not second.exists()
        third = here.begin(0)
        here.publish(0, third, first, job)
        assert here.version(0) == third


def test_a_task_of_a_job_that_is_over_loses_nothing_that_came_after_it(tmp_path):
    from common.database import Failure

    here = outline(tmp_path / "out", 1)
    with here.alone() as over:
        pass  # killed: its task goes on
    with here.alone() as job:
        late, version = here.begin(0), here.begin(0)
        with pytest.raises(Failure, match="another job has begun in .*: this one's partition 0 is too late"):
            here.publish(0, late, None, over)
        here.publish(0, version, None, job)
    assert here.version(0) == version


@pytest.mark.parametrize("seed", range(20))
def test_a_manifest_of_another_number_of_partitions_is_refused(tmp_path, seed):
    from common.database import Failure

    rng = random.Random(seed)
    made, told = rng.sample([1, 2, 3, 4, 7, 8, 16, 64], 2)
    athletes = {str(rng.randrange(10**9)) for _ in range(40)}
    here = outline(tmp_path / "out", made, athletes)
    with here.alone():
        pass
    manifest = json.loads((here.folder / "manifest.json").read_text())
    (here.folder / "manifest.json").write_text(json.dumps(manifest | {"partitions": told}))
    with pytest.raises(Failure, match=r"is none of the \d+ partitions that .*manifest.json tells|as .*manifest.json tells, belongs in"):
        with here.alone():
            pass


def test_a_partition_that_delta_has_not_is_due(tmp_path):
    import job

    here = outline(tmp_path / "out", 1, ["7"])
    version = here.version(0)
    (version / "made_by").write_text("us")
    assert not job._is_due(version, {"made_by": "us", "delta": None})
    assert job._is_due(version, {"made_by": "us", "delta": "/tables"})
    (version / "in_delta").write_text("/tables")
    assert not job._is_due(version, {"made_by": "us", "delta": "/tables"})
    assert job._is_due(version, {"made_by": "us", "delta": "/others"})


def test_new_champions_are_seen_by_a_program_that_has_seen_the_old_ones(tmp_path):
    """A notebook stays while the pool is trained again."""
    import template

    path = tmp_path / "pool.db"
    for version in (1, 2):
        with contextlib.closing(sqlite3.connect(path)) as db, db:
            db.execute("CREATE TABLE IF NOT EXISTS ml_aliases (model TEXT, alias TEXT, version INTEGER, PRIMARY KEY (model, alias))")
            db.execute("INSERT OR REPLACE INTO ml_aliases VALUES ('m', 'champion', ?)", (version,))
        assert template.champions(str(path))["ml_aliases"][2] == [("m", "champion", version)]


def test_a_worker_with_other_stages_than_the_drivers_says_so(tmp_path):
    import checks
    import place
    from common.database import Failure

    digest = place.digest(fleets.EXTENSION_FILE)
    checks.worker(fleets.EXTENSION_FILE, digest, tmp_path, checks.stages_sha256())
    with pytest.raises(Failure, match="the stages of this worker .* are others than the driver's"):
        checks.worker(fleets.EXTENSION_FILE, digest, tmp_path, "0" * 64)


# An id as JSON has it, and whose its object is: of what looks equal, digits are compared. What is no JSON is its athlete's to refuse.
IDS = {"1": "1", '"1"': "1", '"01"': "01", "01": "01", "1.0": None, "1e0": None, "-1": None, '"-1"': None, '" 1"': None, '"1 "': None, '"\\u0031"': "1", '"\\u0661"': None, '"🏃"': None, '"a/b"': None, '".."': None,
       '"../../1"': None, '"1/"': None, '"1\\u0000"': None, '""': None, f'"{"9" * 300}"': None, f'"{"x" * 300}"': None, "9" * 40: "9" * 40, "9" * 41: None, "true": None, "null": None, "[1]": None, '{"id": 1}': None,
       "NaN": None, "0": "0", "18446744073709551617": "18446744073709551617", "9" * 5000: None}  # fmt: skip


@pytest.mark.parametrize("written", IDS, ids=lambda text: text[:20])
def test_an_athletes_id_is_digits_and_every_other_object_is_nobodys(written):
    import keys

    assert keys.athlete_of(f'{{"athlete": {{"id": {written}}}, "id": 5}}'.encode()) == IDS[written]
