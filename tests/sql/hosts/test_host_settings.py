"""Whatever a host has set on its connection (wrappers turn on recursive triggers, foreign keys, case-sensitive LIKE), the rows are
the same."""

import pytest

from helpers.athletes.activities import assert_same, dump, new_database, put, run, runner_objects, seeded
from helpers.machine.soak import soak
from helpers.stores.file_rows import CLOCKS, LOGS
from sql.test_incremental import Sequence, arrive

SETTINGS = ("analysis_limit = 10", "automatic_index = 0", "cache_size = 5", "cache_spill = 0", "case_sensitive_like = 1", "cell_size_check = 1", "count_changes = 1",
            "empty_result_callbacks = 1", "foreign_keys = 1", "ignore_check_constraints = 1", "legacy_alter_table = 1", "query_only = 0",
            "recursive_triggers = 1", "reverse_unordered_selects = 1", "short_column_names = 0", "temp_store = 1", "temp_store = 2", "threads = 4", "trusted_schema = 0")
WHEN = {"without": {name for _, name in CLOCKS} | {"available_at", "position"}, "leave_out": LOGS | {"bronze_landings", "ops_published"}}


def lived(settings, seed):
    """What a life leaves, once all has come and been corrected, on a connection with these settings from its first statement on."""
    db = new_database()
    for setting in settings:
        db.execute(f"PRAGMA {setting}")
    db.execute("CREATE TABLE temp.theirs (x)")  # the host's own, which also keeps the stages from beginning as a copy of others
    run(db)
    for batch in Sequence(seed).batches():
        arrive(db, batch)
        run(db)
    if seed == 0:
        for body in runner_objects():
            put(db, body)
        run(db)
    return dump(db, with_history=True, **WHEN)


@pytest.mark.parametrize("seed", [3, *map(soak, range(40))])
def test_what_a_host_sets_changes_no_row(seed):
    settings = SETTINGS if seed == 3 else seeded(seed).sample(SETTINGS, 1 + seed % 5)
    expected = lived((), seed)
    assert_same(expected, lived(settings, seed))
    assert seed != 3 or any(found for table, found in expected.items() if table.endswith("_history"))
