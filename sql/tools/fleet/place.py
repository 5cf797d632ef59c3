"""Where a fleet lies: a folder of partitions, each written whole or not at all.

    manifest.json                    how many partitions there are, for ever
    pool.db, template.db             the models, and what an athlete's file begins as
    deltas.json                      folders of Delta Lake tables that rows of this fleet have gone to
    partition=00007                  a link to the version that holds
    .versions/00007-…/               files/<athlete>.db, <table>.parquet, athletes.parquet, rejects.parquet,
                                     refused/<athlete>.ndjson: objects of an athlete whose run failed, for the next one

A version is made beside the one that holds, and the link renamed over the link before: whoever reads has the one or the other. Of two
tasks at the same partition the first one's version stays.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import pathlib
import re
import shutil
import uuid

from common.database import Failure
from keys import is_id, partition_of

FORMAT = 1
MOST_PARTITIONS = 99999
MANIFEST_BYTES = 10_000
VERSION = re.compile(r"\.versions/([0-9]{5})-[0-9a-f]{32}")
LEFT_BEHIND = re.compile(r"[0-9]{5}-[0-9a-f]{32}|arrivals-\w+")  # of jobs that were stopped


class Place:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder).absolute()
        self.pool, self.template = self.folder / "pool.db", self.folder / "template.db"
        self._manifest, self._job, self._deltas = self.folder / "manifest.json", self.folder / ".versions" / "job", self.folder / "deltas.json"

    # --- the folder --------------------------------------------------------------------------------------------------------

    def make(self, partitions):
        """Makes the folder, or keeps it: the number of partitions is told once."""
        if self._manifest.exists():
            if partitions not in (None, self.partitions):
                raise Failure(f"{self.folder} has {self.partitions} partitions, which stay; {partitions} were asked for")
            return
        if partitions is None:
            partitions = 16
        if not 1 <= partitions <= MOST_PARTITIONS:
            raise Failure(f"partitions is {partitions} where a number from 1 to {MOST_PARTITIONS} belongs")
        (self.folder / ".versions").mkdir(parents=True, exist_ok=True)
        told = {"format": FORMAT, "partitions": partitions, "partition": "first 8 bytes of sha256(athlete_id), big-endian, modulo partitions"}
        _written(self._manifest, json.dumps(told, indent=2) + "\n")

    @property
    def partitions(self):
        if not self._manifest.is_file():
            raise Failure(f"{self.folder} is no fleet: it has no {self._manifest.name}")
        try:
            with open(self._manifest, encoding="utf-8") as file:
                told = json.loads(file.read(MANIFEST_BYTES))
        except (ValueError, RecursionError):
            told = None
        if not isinstance(told, dict) or "format" not in told:
            raise Failure(f"{self._manifest} is no manifest of a fleet")
        if told["format"] != FORMAT:
            raise Failure(f"{self._manifest} is of format {str(told['format'])[:40]}; this athlete reads {FORMAT}")
        number = told.get("partitions")
        if type(number) is not int or not 1 <= number <= MOST_PARTITIONS:
            raise Failure(f"{self._manifest}: partitions is {str(number)[:40]} where a number from 1 to {MOST_PARTITIONS} belongs")
        return number

    @contextlib.contextmanager
    def alone(self):
        """One job at a time, whose name is given: tasks of an earlier one that are still at work are too late from now on (publish).
        What earlier ones left half done is removed."""
        self._check_versions()
        self.check()
        with open(self._manifest) as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Failure(f"another job works in {self.folder}") from None
            held = {self.version(number) for number in self.numbers()}
            for version in (self.folder / ".versions").iterdir():
                if LEFT_BEHIND.fullmatch(version.name) and version not in held and version.is_dir() and not version.is_symlink():
                    shutil.rmtree(version)
            for link in self.folder.glob(".link-*"):
                if link.is_symlink():
                    link.unlink()
            job = uuid.uuid4().hex
            with self._locked("publishing"):
                _written(self._job, job)
            yield job

    def check(self):
        """That every athlete is where the manifest says: under another fleet's they would be there twice, or not be found."""
        partitions = self.partitions
        for link in self.folder.glob("partition=*"):
            number = link.name.removeprefix("partition=")
            if not re.fullmatch("[0-9]{5}", number) or int(number) >= partitions:
                raise Failure(f"{link} is none of the {partitions} partitions that {self._manifest} tells")
        for number in self.numbers():
            for file in os.scandir(self.version(number) / "files"):
                athlete = file.name.removesuffix(".db")
                if is_id(athlete) and partition_of(athlete, partitions) != number:
                    raise Failure(f"athlete {athlete} is in partition {number} and, of {partitions} as {self._manifest} tells, belongs in {partition_of(athlete, partitions)}")

    def _check_versions(self):
        """Nothing outside of the folder is ever removed: whoever wrote the folder may have put links into it."""
        if (self.folder / ".versions").is_symlink() or not (self.folder / ".versions").is_dir():
            raise Failure(f"{self.folder} is no fleet: its .versions is no folder")

    # --- partitions --------------------------------------------------------------------------------------------------------

    def link(self, number):
        return self.folder / f"partition={number:05d}"

    def version(self, number):
        """The folder that holds now, None before the first."""
        link = self.link(number)
        try:
            target = os.readlink(link)
        except FileNotFoundError:
            return None
        except OSError:
            raise Failure(f"{link} is no link to a version") from None
        found = VERSION.fullmatch(target)
        self._check_versions()
        if not found or int(found[1]) != number or (self.folder / target).is_symlink():
            raise Failure(f"{link} leads to {target}, which is no version of this partition")
        for room in ("", "files", "refused"):
            if (self.folder / target / room).is_symlink() or not (self.folder / target / room).is_dir():
                raise Failure(f"{self.folder / target} is no version: it has no folder {room or 'of its own'}")
        return self.folder / target

    def numbers(self):
        """Of the partitions that have a version."""
        return [number for number in range(self.partitions) if self.link(number).is_symlink() or self.link(number).exists()]

    def begin(self, number):
        version = self.folder / ".versions" / f"{number:05d}-{uuid.uuid4().hex}"
        for room in ("files", "refused"):
            (version / room).mkdir(parents=True)
        return version

    def publish(self, number, version, before=None, job=None):
        """Names a version in place of `before`, from which it was made. Where another task of the same job was first, whose rows are
        the same, that one stays; a task of a job that is over fails, since what came after it would be lost."""
        os.sync()  # whole on the disk before it is named
        with self._locked("publishing"):
            self._check_job(job, number)
            if self.version(number) == before:
                fresh = self.folder / f".link-{uuid.uuid4().hex}"
                fresh.symlink_to(f".versions/{version.name}")
                os.replace(fresh, self.link(number))
                return
        shutil.rmtree(version)

    @contextlib.contextmanager
    def committing(self, number, job=None):
        """One at a time gives a partition to Delta Lake, and none whose job is over: it would put the version before in place of this."""
        with self._locked(f"delta-{number:05d}"):
            self._check_job(job, number)
            yield self.version(number)

    def _check_job(self, job, number):
        if job is not None and job != (self._job.read_text(errors="replace") if is_plain(self._job) else None):
            raise Failure(f"another job has begun in {self.folder}: this one's partition {number} is too late")

    @contextlib.contextmanager
    def _locked(self, name):
        with open(os.open(self.folder / ".versions" / name, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)) as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    # --- Delta Lake --------------------------------------------------------------------------------------------------------

    def deltas(self):
        try:
            found = json.loads(self._deltas.read_text()) if is_plain(self._deltas) else []
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, list) or not all(isinstance(folder, str) for folder in found):
            raise Failure(f"{self._deltas} is no list of folders")
        return found

    def add_delta(self, folder):
        """Before the first row goes there, so that whoever is forgotten is forgotten there, too."""
        if folder not in self.deltas():
            _written(self._deltas, json.dumps([*self.deltas(), folder], indent=2) + "\n")

    # --- reading -----------------------------------------------------------------------------------------------------------

    def files(self):
        return [file for number in self.numbers() for file in athletes_in(self.version(number)).values()]

    def file_of(self, athlete):
        version = self.version(partition_of(athlete, self.partitions))
        file = athletes_in(version).get(athlete)
        if file is None:
            raise Failure(f"there is no athlete {athlete} in {self.folder}")
        return file


def athletes_in(version, room="files", end=".db"):
    """{athlete: file} of a version, sorted by athlete. What has another name, or is no plain file, is nobody's."""
    if version is None:
        return {}
    found = {file.name.removesuffix(end): file for file in (version / room).iterdir() if file.name.endswith(end) and is_plain(file)}
    return {athlete: found[athlete] for athlete in sorted(found) if is_id(athlete)}


def made_by(version):
    """Which stages, library and models made a version; empty where it does not say."""
    return (version / "made_by").read_text(errors="replace") if is_plain(version / "made_by") else ""


def in_delta(version):
    """The folder of Delta Lake tables that have all of a version; empty before that."""
    return (version / "in_delta").read_text(errors="replace") if is_plain(version / "in_delta") else ""


def is_plain(file):
    return file.is_file() and not file.is_symlink()


def parquet_in(version):
    """{table: file} of a version."""
    return {file.stem: file for file in sorted(version.glob("*.parquet")) if re.fullmatch(r"[a-z][a-z0-9_]*", file.stem) and is_plain(file)}


def _written(path, text):
    fresh = path.with_name(f".{path.name}-{os.getpid()}")
    fresh.write_text(text)
    os.replace(fresh, path)


def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
