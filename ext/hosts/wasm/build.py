"""Makes the page that opens an athlete.db in a browser: python ext/hosts/wasm/build.py <folder> <SQLite's source> <cJSON's source> dist

SQLite, cJSON and the extension, as one file each, become WebAssembly without threads by emscripten's emcc, in the folder; the page is one HTML
file with all of it inside. Its policy lets only this script run and lets nothing out."""

import base64
import gzip
import hashlib
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
sys.path[:0] = [str(ROOT / "sql" / "tools")]
sys.dont_write_bytecode = True

from common import database, pages  # noqa: E402

FLAGS = ["-O2", "-ffp-contract=off"]
SQLITE = ["SQLITE_THREADSAFE=0", "SQLITE_OMIT_LOAD_EXTENSION", "SQLITE_TEMP_STORE=3", "SQLITE_ENABLE_MATH_FUNCTIONS", "SQLITE_DQS=0"]
API = ["prepare_v2", "step", "finalize", "close", "errmsg", "free", "bind_parameter_count", "bind_null", "bind_double", "bind_text", "bind_blob",
       "column_count", "column_name", "column_type", "column_double", "column_text", "column_blob", "column_bytes"]  # fmt: skip
EXPORTED = ["malloc", "free", "bridge_open", "bridge_bind_integer", "bridge_bytes", *(f"sqlite3_{name}" for name in API)]
LINKED = ["MODULARIZE=1", "EXPORT_NAME=makeSqlite", "ENVIRONMENT=web,worker,node", "ALLOW_MEMORY_GROWTH=1", "DYNAMIC_EXECUTION=0",
          f"EXPORTED_FUNCTIONS={','.join('_' + name for name in EXPORTED)}", "EXPORTED_RUNTIME_METHODS=UTF8ToString,getValue"]  # fmt: skip


# Debian's modules, which a Node of another's does not look for.
ENVIRONMENT = {**os.environ, "NODE_PATH": os.pathsep.join(filter(None, [os.environ.get("NODE_PATH"), "/usr/share/nodejs"]))}


def emcc(*arguments):
    subprocess.run(["emcc", *FLAGS, *arguments], check=True, env=ENVIRONMENT)


def compiled(folder, source, *flags):
    made = folder / (source.stem + ".o")
    if not made.exists() or made.stat().st_mtime < source.stat().st_mtime:
        emcc(*flags, "-c", "-o", made, source)
    return made


def engine(folder, sqlite, cjson):
    """The folder's engine.js and engine.wasm."""
    folder.mkdir(parents=True, exist_ok=True)
    amalgamated = folder / "athlete.c"
    before = amalgamated.read_bytes() if amalgamated.exists() else None
    subprocess.run([sys.executable, ROOT / "ext" / "amalgamate.py", folder / "new"], check=True)
    for new in (folder / "new").iterdir():
        if new.name != "athlete.c" or new.read_bytes() != before:
            (folder / new.name).write_bytes(new.read_bytes())
    ours = ["-std=c11", "-Wall", "-Wextra", "-Werror", "-Wno-unused-function", "-DSQLITE_CORE", "-DATHLETE_NO_THREADS", f"-I{folder}", "-isystem", sqlite, "-isystem", cjson]
    objects = [compiled(folder, sqlite / "sqlite3.c", "-w", *(f"-D{option}" for option in SQLITE)), compiled(folder, cjson / "cJSON.c", "-DCJSON_HIDE_SYMBOLS"),
               compiled(folder, amalgamated, *ours), compiled(folder, HERE / "bridge.c", *ours)]  # fmt: skip
    emcc(*(word for setting in LINKED for word in ("-s", setting)), "-o", folder / "engine.js", *objects)


def inside(text):
    """What stands in a script element as it is."""
    if "</script" in text.lower() or "<!--" in text:
        raise SystemExit("a script that holds </script cannot stand in a page")
    return text


def page(glue, wasm):
    """The HTML of an engine."""
    script = inside((HERE / "page.js").read_text())
    worker = "\n".join([glue, *((HERE / name).read_text() for name in ("database.js", "answers.js", "worker.js"))])
    parts = {
        "hash": f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'",
        "style": pages.STYLE + (HERE / "page.css").read_text(),
        "library": base64.b64encode(gzip.compress(wasm, 9, mtime=0)).decode(),
        "worker": inside(worker),
        "report": inside(database.script(database.SQL / "reports" / "report.sql")),
        "page": script,
    }
    first, *rest = (HERE / "page.html").read_text().split("{")
    return first + "".join(parts[name] + after for name, after in (piece.split("}", 1) for piece in rest))


def main(folder, sqlite, cjson, target):
    folder, target = pathlib.Path(folder).resolve(), pathlib.Path(target).resolve()
    engine(folder, pathlib.Path(sqlite).resolve(), pathlib.Path(cjson).resolve())
    target.mkdir(parents=True, exist_ok=True)
    made = target / "athlete.html"
    made.write_text(page((folder / "engine.js").read_text(), (folder / "engine.wasm").read_bytes()), encoding="utf-8")
    print(f"{made}: {made.stat().st_size / 1e6:.2f} MB, {len(gzip.compress(made.read_bytes())) / 1e6:.2f} MB as gzip sends it; "
          f"engine.wasm {(folder / 'engine.wasm').stat().st_size / 1e6:.2f} MB")  # fmt: skip


if __name__ == "__main__":
    main(*sys.argv[1:])
