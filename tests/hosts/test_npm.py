"""The npm package, as npm installs it: stages under better-sqlite3 and under Node's own SQLite make the rows that `make demo` makes."""

import os
import sqlite3
import subprocess

import pytest

from helpers.athletes import demo
from helpers.athletes.activities import RUNNER
from helpers.extension import BUILD, ROOT
from helpers.machine.sqlites import alone, npm
from helpers.machine.soak import soak

pytestmark = pytest.mark.unsanitized  # it holds a build of its own

PROGRAM = """
const fs = require("node:fs"), athlete = require("athlete-sqlite");
const [kind, path, folder] = process.argv.slice(2);
const open = { "better-sqlite3": () => new (require("better-sqlite3"))(path),
               "node:sqlite": () => new (require("node:sqlite").DatabaseSync)(path, { allowExtension: true }) };
const db = athlete.load(open[kind]());
const texts = Object.fromEntries(fs.readdirSync(folder).filter((name) => name.endsWith(".json")).map((name) => [name, fs.readFileSync(`${folder}/${name}`, "utf8")]));
for (let i = 0; i < 2; i++) athlete.run(db, texts);
let refused = "";
try { db.prepare("SELECT load_extension('x')").get(); } catch (error) { refused = error.message; }
db.exec("PRAGMA user_version = 99");
let told = "";
try { athlete.run(db); } catch (error) { told = error.message; }
console.log(JSON.stringify([refused, told]));
"""


@pytest.mark.parametrize("kind", [soak("better-sqlite3"), soak("node:sqlite")])
def test_stages_under_node_make_the_same_rows_and_say_what_is_wrong(tmp_path, kind):
    with alone(BUILD / "packages.lock"):
        subprocess.run(["make", "-s", "npm", f"BUILD={BUILD.relative_to(ROOT)}", f"DIST={tmp_path}"], cwd=ROOT, check=True)
    (package,) = tmp_path.glob("*.tgz")
    (tmp_path / "package.json").write_text("{}")
    subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--silent", package], cwd=tmp_path, check=True)
    modules = npm("better-sqlite3@12", "node@24") / "node_modules"
    (tmp_path / "program.cjs").write_text(PROGRAM)
    node = "node" if kind == "better-sqlite3" else modules / "node" / "bin" / "node"
    environment = {"PATH": os.environ["PATH"], "NODE_PATH": str(modules)}
    done = subprocess.run([node, "--no-warnings", "program.cjs", kind, "a.db", RUNNER], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "not authorized" in done.stdout or "no such function" in done.stdout
    assert "000_ops_tables failed: " in done.stdout and "it was made by a newer athlete" in done.stdout
    mine, others = sqlite3.connect(tmp_path / "a.db"), sqlite3.connect(demo.database())
    for table in ("activity_features", "athlete_rolling_features", "athlete_weekly_features", "similar_runs", "silver_survey_races", "time_estimator_rows"):
        rows = [sorted(db.execute(f"SELECT * FROM {table}"), key=repr) for db in (mine, others)]
        assert rows[0] == rows[1] and len(rows[0]) > 50
