"""Installs the library, the stages and the tools below a prefix, and a timer that runs them every day."""

import os
import pathlib
import re
import shlex
import shutil
import subprocess
import tempfile

from . import database, stages
from .database import ROOT, Failure

ZONE = re.compile(r"(?=.{1,60}$)[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+)*")
UNITS = ROOT / "sql" / "tools" / "schedule"
NOT_INSTALLED = shutil.ignore_patterns("__pycache__", "*.pyc")


def install(prefix):
    """The program <prefix>/bin/athlete. What an earlier one installed is replaced whole: a half of each would be neither."""
    home, launcher = prefix / "lib" / "athlete", prefix / "bin" / "athlete"
    home.parent.mkdir(parents=True, exist_ok=True)
    launcher.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home.parent, prefix=".athlete-") as folder:
        made, before = pathlib.Path(folder, "made"), pathlib.Path(folder, "before")
        for part in ("sql", "schemas"):
            shutil.copytree(ROOT / part, made / part, ignore=NOT_INSTALLED)
        library = _library()
        (made / "build").mkdir()
        shutil.copy2(library, made / "build" / library.name)
        if home.exists():
            home.rename(before)
        made.rename(home)
    _write(launcher, f'#!/bin/sh\n# What it can do: ls {shlex.quote(str(home / "sql" / "tools"))}\nhome={shlex.quote(str(home))}\n{LAUNCHER}')
    launcher.chmod(0o755)
    return launcher


LAUNCHER = """unset ATHLETE_EXTENSION
case ${1-} in
'' | */* | .*) echo "athlete: say what to do: run, pipeline, daily, import, page, tell, define, ingest, training-set" >&2; exit 2 ;;
esac
test -f "$home/sql/tools/$1" || { printf 'athlete: there is no tool %s\\n' "$1" >&2; exit 2; }
exec "$home/sql/tools/$@"
"""


def _library():
    told = pathlib.Path(os.environ.get("ATHLETE_EXTENSION") or ROOT / "build" / "athlete")
    for path in (told, *(told.with_name(f"{told.name}.{suffix}") for suffix in ("so", "dylib"))):
        if path.is_file():
            return path
    raise Failure(f"there is no library {told}: make builds it")


def schedule(prefix, launcher, path, sources=(), channels=None):
    """The units of systemd and a crontab below the prefix; what was done, or what is left to do, as a sentence."""
    is_root = os.geteuid() == 0
    folder = prefix / ("lib" if is_root else "share") / "systemd" / ("system" if is_root else "user")
    folder.mkdir(parents=True, exist_ok=True)
    with database.opened(path, loads=False) as db:
        zone = database.value(db, "SELECT value FROM ops_config WHERE name = 'time_zone'")
    if not isinstance(zone, str) or not ZONE.fullmatch(zone):
        raise Failure(f"{path}: time_zone is {str(zone)[:60]!r} where the name of a zone belongs, such as America/Sao_Paulo")
    said = {"zone": zone} | {
        "database": _unit_text(path.absolute()), "launcher": _unit_text(launcher.absolute()),
        "channels": f' "--channels={_unit_text(pathlib.Path(channels).absolute())}"' if channels is not None else "",
        "sources": "".join(f' "{_unit_text(pathlib.Path(source).absolute())}"' for source in sources)}  # fmt: skip
    for unit in (*sorted(UNITS.glob("*.service")), *sorted(UNITS.glob("*.timer"))):
        _write(folder / unit.name, unit.read_text(encoding="utf-8").format(**said | {"zone": f" {said['zone']}"}))
    crontab = prefix / "share" / "athlete" / "athlete.cron"
    crontab.parent.mkdir(parents=True, exist_ok=True)
    words = [launcher.absolute(), "daily", "--scheduled=yes", *([f"--channels={pathlib.Path(channels).absolute()}"] if channels is not None else []), "--", path.absolute(),
             *(pathlib.Path(source).absolute() for source in sources)]  # fmt: skip
    command = shlex.join(map(str, words)).replace("%", "\\%")  # which a crontab takes for the end of a line
    _write(crontab, (UNITS / "athlete.cron").read_text(encoding="utf-8").format(zone=zone, command=command))
    enable = ["systemctl", *([] if is_root else ["--user"]), "enable", "--now", str(folder / "athlete-daily.timer")]
    if pathlib.Path("/run/systemd/system").is_dir() and shutil.which("systemctl"):
        done = subprocess.run(enable, capture_output=True, text=True)
        if done.returncode == 0:
            return f"athlete-daily.timer runs the day's job every morning at 05:00, {zone}"
        return f"the timer is not enabled ({done.stderr.strip()}); run: {shlex.join(enable)}"
    return f"systemd does not run here; where it does: {shlex.join(enable)}; cron has {crontab}"


def _unit_text(path):
    """A path between the double quotes of a unit."""
    text = str(path)
    if any(ord(character) < 32 for character in text):
        raise Failure(f"{text!r} cannot stand in a unit of systemd: it has a control character")
    for special in ("\\", '"', "%", "$"):
        text = text.replace(special, special * 2 if special in "%$" else "\\" + special)
    return text


def _write(path, text):
    """All of it or what was there before."""
    new = path.with_name(f".{path.name}.new")
    new.write_text(text, encoding="utf-8")
    new.replace(path)


def bring_up_to_date(path):
    """Makes or migrates the database."""
    with database.opened(path, creates=True, loads=False) as db:
        stages.run(db, path, stages.of("000_ops_tables", "100_bronze_strava"))
