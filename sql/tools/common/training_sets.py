"""Training sets as they are stored: their rows as SQL literals, exact to the bit, and a hash of them."""

from . import database, stages
from .database import Failure, literal, quoted

AT_ONCE = 100  # arguments of a function; SQLite takes 127
MADE = """
    CREATE TEMP TABLE made_rows AS
    SELECT row_number() OVER () AS position, {row} AS row, row_sources AS sources FROM temp.made"""
HASH = "SELECT sha256(COALESCE(group_concat(row, char(10)), '')) FROM (SELECT row FROM temp.made_rows ORDER BY position)"
DEFINITIONS = """
    SELECT json_group_object(name, version)
    FROM (SELECT DISTINCT g.value AS name,
                 COALESCE((SELECT major || '.' || minor || '.' || patch || CASE WHEN build > 1 THEN '+' || build ELSE '' END
                           FROM feature_publications WHERE group_name = g.value ORDER BY publication_id DESC LIMIT 1),
                          (SELECT major || '.' || minor || '.' || patch FROM feature_groups_current WHERE name = g.value)) AS version
          FROM json_each(?, '$.lookups') AS l, json_each(l.value) AS g WHERE g.key IN ('group', 'table') ORDER BY name)
    WHERE version IS NOT NULL"""
LOOKUPS = """
    SELECT '$.lookups[' || l.key || '].' || g.key, g.value || '@' || v.value
    FROM json_each(?, '$.lookups') AS l, json_each(l.value) AS g, json_each(?) AS v
    WHERE g.key IN ('group', 'table') AND v.key = g.value"""
DIFFERENT = """
    SELECT COUNT(*) FROM temp.made_rows AS m
    LEFT JOIN ml_training_set_rows AS k ON k.training_set_id = ? AND k.position = m.position
    WHERE k.row IS NOT m.row"""


def make_tables(db):
    with database.undone_on_failure(db):
        for file in stages.of("000_ops_tables", "320_training_sets"):
            database.run_script(db, file.read_text(encoding="utf-8"))


def store(db, name, specification):
    with database.transaction(db):
        n_rows, sha256 = _make(db, specification)
        definitions = database.value(db, DEFINITIONS, specification) if database.has(db, "feature_publications") else "{}"
        db.execute(
            f"""INSERT INTO ml_training_sets (name, spec, columns, definitions, made_at, n_rows, rows_sha256)
                SELECT ?, ?, (SELECT json_group_array(name) FROM pragma_table_info('made', 'temp')), ?, {database.NOW}, ?, ?""",
            (name, specification, definitions, n_rows, sha256),
        )
        number = database.value(db, "SELECT last_insert_rowid()")
        db.execute("INSERT INTO ml_training_set_rows SELECT ?, position, row, sources FROM temp.made_rows", (number,))
    return f"training set {number}: {n_rows} rows, SHA-256 {sha256}"


def rebuild(db, number):
    """(what came of it, whether that is the same). Each group is read in the version that it had then."""
    sql = "SELECT spec, definitions, n_rows, rows_sha256 FROM ml_training_sets WHERE training_set_id = ?"
    kept = db.execute(sql, (number,)).fetchone() if database.has(db, "ml_training_sets") else None
    if kept is None:
        raise Failure(f"There is no training set {number}.")
    specification, definitions, n_stored, sha256_stored = kept
    with database.transaction(db, "DEFERRED"):
        n_rows, sha256 = _make(db, _in_its_versions(db, str(specification), definitions))
        different = database.value(db, DIFFERENT, number)
    if (n_rows, sha256) == (n_stored, sha256_stored):
        return f"training set {number}: {n_rows} rows, the same to the bit, SHA-256 {sha256}", True
    return f"training set {number}: {n_stored} rows were stored, {n_rows} came, and {different} of them differ", False


def _in_its_versions(db, specification, definitions):
    for place, group in db.execute(LOOKUPS, (specification, definitions)).fetchall():
        specification = database.value(db, "SELECT json_set(?, ?, ?)", specification, place, group)
    return specification


def _make(db, specification):
    """The rows into temp.made_rows: how many, and their hash."""
    db.execute(f"CREATE VIRTUAL TABLE temp.made USING training_set({literal(specification)})")
    names = [name for (name,) in db.execute("SELECT name FROM pragma_table_info('made', 'temp')")]
    parts = [", ".join(map(quoted, names[i : i + AT_ONCE])) for i in range(0, len(names), AT_ONCE)]
    db.execute(MADE.format(row=" || ',' || ".join(f"row_literals({part})" for part in parts)))
    return database.value(db, "SELECT COUNT(*) FROM temp.made_rows"), database.value(db, HASH)
