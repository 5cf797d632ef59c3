"""What a worker, its disk or its driver has that will not do: a sentence, and nothing is changed."""

import contextlib
import errno
import os
import pathlib
import time
import types

import pytest

from helpers.stores import fleets

pytestmark = pytest.mark.unsanitized  # the stages again


class Here:
    """An engine of this process."""

    @staticmethod
    def run(job, pieces, due):
        import partition
        from job import lines_of

        return [outcome for number in (0,) for outcome in partition.run(job, number, [line for piece in pieces for line in lines_of(piece)])]

    @staticmethod
    def rows(job, numbers, folder):
        import pool

        for number in numbers:
            pool.task(job, number, folder)


def refused(extension, scratch, words):
    import checks
    import place
    from common.database import Failure

    with pytest.raises(Failure, match=words) as told:
        checks.worker(extension, place.digest(extension), scratch)
    assert "\n" not in str(told.value)


def test_a_python_whose_sqlite_is_too_old_is_told(tmp_path, monkeypatch):
    import checks

    monkeypatch.setattr(checks, "sqlite3", types.SimpleNamespace(sqlite_version_info=(3, 37, 2), sqlite_version="3.37.2"))
    refused(fleets.EXTENSION_FILE, tmp_path, r"^this worker's Python has SQLite 3\.37\.2 where at least 3\.38\.0 is needed$")


def test_a_library_that_is_none_is_told(tmp_path):
    (tmp_path / "athlete.so").write_bytes(b"none")
    refused(tmp_path / "athlete.so", tmp_path, r"^this worker cannot load .*athlete\.so: ")


@pytest.mark.parametrize("told, words", {"3.37.2 2022-01-06": r"its sqlite3 shell is 3\.37\.2 where at least 3\.38\.0", "": "its sqlite3 shell is none where", "usage: x": "its sqlite3 shell is none where", "3.38.0 2022": None}.items())
def test_where_python_loads_no_extensions_the_shell_is_asked_how_old_it_is(tmp_path, monkeypatch, told, words):
    import checks
    import place

    (tmp_path / "sqlite3").write_text(f"#!/bin/sh\necho '{told}'\n")
    (tmp_path / "sqlite3").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setattr(checks.shell, "is_needed", lambda: True)
    if words:
        refused(fleets.EXTENSION_FILE, tmp_path, f"^this worker's Python loads no SQLite extensions, and {words}")
    else:
        checks.worker(fleets.EXTENSION_FILE, place.digest(fleets.EXTENSION_FILE), tmp_path)


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    return fleets.written(tmp_path_factory.mktemp("raw") / "all.ndjson", fleets.objects([1])[:20])


@pytest.mark.parametrize("place_of_it", ["the link", "a table"])
def test_a_disk_that_is_full_leaves_the_partition_as_it_was(tmp_path, monkeypatch, raw, place_of_it):
    import job
    import partition
    from common.database import Failure

    out = fleets.with_pool(tmp_path / "out")
    replaced = os.replace

    def full(source, target):
        if ".link-" in str(source):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target))
        return replaced(source, target)

    def full_table(table, path):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    with monkeypatch.context() as patched:
        patched.setattr(*((os, "replace", full) if place_of_it == "the link" else (partition, "_parquet", full_table)))
        with pytest.raises(Failure, match=r"^partition 0 of .*out stays as it was: .*No space left on device"):
            job.run(Here, out, [raw], told={"partitions": 1})
    assert not (out / "partition=00000").exists()
    assert job.run(Here, out, [raw])[0].startswith("1 athletes advanced")
    assert len(list((out / ".versions").glob("00000-*"))) == 1 and not list(out.glob(".link-*"))


def test_a_driver_with_another_library_changes_nothing_while_one_is_at_work(tmp_path, monkeypatch):
    import job
    import place
    from common.database import Failure

    here = place.Place(fleets.with_pool(tmp_path / "out"))
    here.make(1)
    with here.alone():
        told = job.made(here.folder)
        before = place.digest(here.template), os.stat(here.template).st_ino
        (tmp_path / "athlete.so").write_bytes(pathlib.Path(fleets.EXTENSION_FILE).read_bytes() + b"\n")
        monkeypatch.setenv("ATHLETE_EXTENSION", str(tmp_path / "athlete.so"))
        with pytest.raises(Failure, match="another job works in"):
            job.run(Here, here.folder, [])
        assert (place.digest(here.template), os.stat(here.template).st_ino) == before
    with here.alone():
        assert job.made(here.folder)["made_by"] != told["made_by"]


def test_no_database_is_opened_on_a_disk_of_the_network(tmp_path, monkeypatch, raw):
    import asking
    import crew
    import job
    import pool
    import scratch
    import snapshot
    from common import database

    out = fleets.with_pool(tmp_path / "out")
    opened = []

    def watched(module, name, path_of):
        own = getattr(module, name)
        monkeypatch.setattr(module, name, lambda *told: (opened.append(str(path_of(*told))), own(*told))[1])

    monkeypatch.setattr(scratch, "_file_system", lambda folder: "nfs4" if folder.is_relative_to(out) else "ext4")
    watched(database, "_connect", lambda uri, reads_only: uri)
    watched(snapshot, "open_snapshot", lambda path: path)
    watched(crew.Crew, "advance", lambda self, template, objects, earlier, file: f"{template} {file}")
    for _ in range(2):
        assert job.run(Here, out, [raw], told={"partitions": 1})[0].startswith("1 athletes advanced")
    assert "rows" in list(pool.run(Here, out))[1]
    assert "activities" in asking.page(out, "1")
    assert list(asking.forget(out, "1"))
    assert len(opened) > 8 and not [path for path in opened if str(out) in path]


def test_scratch_of_a_task_that_was_killed_is_removed_by_the_next(tmp_path):
    import scratch

    for name in ("killed", "young", "at work", "other"):
        (tmp_path / (f"{scratch.PREFIX}{name}" if name != "other" else name)).mkdir()
    (tmp_path / f"{scratch.PREFIX}killed" / "athlete.db").write_bytes(b"x")
    (tmp_path / f"{scratch.PREFIX}link").symlink_to(tmp_path / "other")
    for name in ("killed", "at work"):
        os.utime(tmp_path / f"{scratch.PREFIX}{name}", (time.time() - 3600,) * 2)
    with contextlib.ExitStack() as stack:
        stack.enter_context(scratch._locked(tmp_path / f"{scratch.PREFIX}at work"))
        with scratch.scratch_in(tmp_path) as own:
            assert own.parent == tmp_path
    assert {path.name.removeprefix(scratch.PREFIX) for path in tmp_path.iterdir()} == {"young", "at work", "link", "other"}
