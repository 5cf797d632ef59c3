"""The wheel, built and installed once for all tests of it in a process."""

import importlib
import subprocess
import sys

import pytest

from helpers.extension import BUILD, ROOT
from helpers.machine.sqlites import alone


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """A folder with the installed wheel, and the wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    with alone(BUILD / "packages.lock"):
        subprocess.run(["make", "-s", "wheel", f"BUILD={BUILD.relative_to(ROOT)}", f"DIST={folder}"], cwd=ROOT, check=True)
    (wheel,) = folder.glob("*.whl")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--no-compile", "--target", folder / "site", wheel]
    subprocess.run(command, check=True)
    return folder / "site", wheel


@pytest.fixture(scope="module")
def athlete(site):
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(site[0])
        patch.delenv("ATHLETE_EXTENSION", raising=False)
        found = importlib.import_module("athlete")
        assert str(site[0]) in found.__file__
        yield found
