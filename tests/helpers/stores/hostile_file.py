"""A database of ours that somebody has made hostile, and the texts that they put into it."""

# M stands for a file that must not appear.
TEXTS = [
    "x', NULL, 1;\n.shell touch M\nSELECT 'y", "\\0047, NULL, 1;\n.shell touch M\nSELECT \\0047", "a\\b\\n.system touch M\n", "\n.output M\nSELECT 1;\n", "\n.once |touch M\n",
    "$(touch M)", "`touch M`", "'; touch M; '", '"; touch M; "', "| touch M", "1; ATTACH 'M' AS m; CREATE TABLE m.t (x)", "'; ATTACH 'M' AS m; CREATE TABLE m.t (x); --",
    "'); SELECT writefile('M', 'x'); --", "load_extension('M')", "writefile('M', 'x')", "edit('x', 'touch M')", "x'); VACUUM INTO 'M'; --", "1;\nVACUUM INTO 'M';\n",
    "file:M?mode=rwc", "\n.read '|touch M'\n", "\n.import '|touch M' t\n", "%s%n%d", "\\u0000\\", "\x1b]0;title\x07", "{{}}", "${M}", "-init M", "..\\..\\M", "\u2028.shell touch M\n", "é'\"`[;--/*",
]  # fmt: skip


def plant(db, rng, text):
    """Makes a database of ours hostile: its tables lose types, checks and triggers, and texts of them become others; some are
    replaced by views, some get triggers, generated columns, checks or indexes that call what should not be called."""
    db.execute("PRAGMA legacy_alter_table = ON")  # views may name what is not there for a moment
    db.execute("PRAGMA writable_schema = ON")
    db.execute("DELETE FROM sqlite_schema WHERE type = 'trigger'")
    db.execute("PRAGMA writable_schema = RESET")
    tables = [name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND sql NOT LIKE '%VIRTUAL%'")]
    for table in rng.sample(sorted(tables), len(tables) // 2):
        columns = [name for (name,) in db.execute("SELECT name FROM pragma_table_info(?)", (table,))]
        column = rng.choice(columns)
        way = rng.randrange(6)
        # SQLite itself refuses what is not deterministic in a check or a generated column
        function = rng.choice(["writefile({}, 'x')", "edit('x', {})", "readfile({})"] + ["load_extension({})", "fts3_tokenizer({})"] * (way not in (1, 2)))
        call = function.format("'" + text().replace("'", "''") + "'")
        if way == 5:
            event = rng.choice(["INSERT", "UPDATE", "DELETE"])
            db.execute(f'CREATE TRIGGER "hostile_{table}" AFTER {event} ON "{table}" BEGIN SELECT {call}; END')
            continue
        db.execute(f'CREATE TABLE plain AS SELECT * FROM "{table}"')
        db.execute(f'DROP TABLE "{table}"')
        if way == 0:
            db.execute(f'ALTER TABLE plain RENAME TO "{table}_kept"')
            db.execute(f'CREATE VIEW "{table}" AS SELECT {", ".join(call if name == column else chr(34) + name + chr(34) for name in columns)} FROM "{table}_kept"')
            continue
        db.execute(f'ALTER TABLE plain RENAME TO "{table}"')
        if way == 1:
            db.execute("PRAGMA writable_schema = ON")
            db.execute("UPDATE sqlite_schema SET sql = substr(sql, 1, length(sql) - 1) || ? WHERE name = ?", (f", CHECK ({call}))", table))
            db.execute("PRAGMA writable_schema = RESET")
        elif way == 2:
            db.execute("PRAGMA writable_schema = ON")
            db.execute("UPDATE sqlite_schema SET sql = substr(sql, 1, length(sql) - 1) || ? WHERE name = ?", (f", more AS ({call}))", table))
            db.execute("PRAGMA writable_schema = RESET")
        else:
            for (rowid,) in db.execute(f'SELECT rowid FROM "{table}" ORDER BY random() LIMIT 5').fetchall():
                db.execute(f'UPDATE "{table}" SET "{column}" = ? WHERE rowid = ?', (text(), rowid))
            db.execute(f'INSERT INTO "{table}" VALUES ({", ".join("?" * len(columns))})', [text() for _ in columns])
