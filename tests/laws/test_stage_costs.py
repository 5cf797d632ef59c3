"""A stage costs what there is, and no more: told by SQLite's own counts of what each statement did at two sizes, not by seconds."""

import json
import re

import pytest

from helpers import stages
from helpers.athletes import crowd, demo
from helpers.athletes.activities import ARRIVED
from helpers.machine.counted import Counter
from helpers.extension import ROOT, connect
from helpers.machine.soak import soak

pytestmark = pytest.mark.unsanitized  # the stages run under the sanitizers elsewhere; here only counts matter

SMALL, LARGE = 12, 36  # athletes
ROW_SCAN = re.compile(r"\)\s*NOT\s+IN\s*\(\s*(?:SELECT|WITH)\b", re.I)
CHANGING = re.compile(r"/\* athlete \w+ \*/ |'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ'|\b\d{10}\b|(?<=slice_id = )\d+")  # which call of a function runs it, when, and for whom


def test_no_statement_asks_for_a_pair_that_is_not_in_a_query_which_scans_the_query_for_every_row():
    texts = [*stages.PATHS.values(), *(ROOT / "sql" / "tools").rglob("*.sql"), *(ROOT / "sql" / "reports").glob("*.sql")]
    assert len(texts) > 20
    assert [path.name for path in texts if ROW_SCAN.search(path.read_text())] == []


def test_a_stage_that_asks_for_such_a_pair_is_noticed():
    assert ROW_SCAN.search("DELETE FROM t WHERE (a, b) NOT IN\n    (SELECT a, b FROM u)")
    assert not ROW_SCAN.search("WHERE (a, b) NOT IN (VALUES (1, 2))") and not ROW_SCAN.search("WHERE a NOT IN (SELECT a FROM u)")


def untyped(db):
    """Indexed columns of temporary tables that no type was declared of: such an index is not used against a column that has one."""
    return db.execute("""
        SELECT t.name, i.name, c.name
        FROM temp.sqlite_schema AS t, pragma_index_list(t.name, 'temp') AS i, pragma_index_info(i.name, 'temp') AS c, pragma_table_info(t.name, 'temp') AS d
        WHERE t.type = 'table' AND d.name = c.name AND d.type = ''""").fetchall()


def test_an_indexed_column_of_a_temporary_table_has_a_type():
    db, found = connect(isolation_level=None), set()
    db.execute("CREATE TEMP TABLE example AS SELECT 1 AS x")
    db.execute("CREATE INDEX temp.example_by_x ON example (x)")
    assert untyped(db) == [("example", "example_by_x", "x")]
    db.execute("DROP TABLE example")
    for name, text in stages.STAGES.items():
        for statement in stages.statements(text):
            db.execute(statement).fetchall()
            found |= {(name, *column) for column in untyped(db)} if "INDEX" in statement else set()
    db.close()
    assert sorted(found) == []


def lines(kind, athletes):
    """The lives of the first few, as often as it takes: what one athlete of a hundred makes necessary is in both sizes or in neither."""
    for athlete in range(1, athletes + 1):
        yield json.dumps(crowd.person(athlete))
        for number, activity in enumerate(crowd.life(kind, (athlete - 1) % SMALL + 1)):
            yield json.dumps(activity | {"id": 10_000 * athlete + number, "athlete": {"id": athlete}})


def filled(kind, athletes):
    """A file with reference data, of all that is known of athletes; nothing computed yet."""
    db = Counter()
    for name in stages.BRONZE:
        db.execute(stages.STAGES[name])
    for definition in demo.REFERENCE[:-1]:  # without the survey, which is as large for everyone
        db.put(definition.read_text(), ARRIVED)
    db.put("\n".join(lines(kind, athletes)), ARRIVED)
    return db


def run(db):
    """Of each statement of each stage what it took: {(stage, text): (steps of the machine, rows scanned)}."""
    took = {}
    for name, text in stages.STAGES.items():
        db.steps.clear()
        db.execute(text)
        for statement, steps in db.steps.items():
            key = name, CHANGING.sub("", statement)
            before = took.get(key, (0, 0))
            took[key] = before[0] + steps.machine, before[1] + steps.scanned
    return took


def grown(small, large, factor, constant=500):
    """Statements that took more at the large size than `factor` times what they took at the small, and some constant work."""
    pairs = [(stage, small.get((stage, text), (0, 0)), after, " ".join(text.split())[:200]) for (stage, text), after in large.items()]
    return [pair for pair in pairs if any(a > factor * b + constant for b, a in zip(pair[1], pair[2]))]


@pytest.fixture(scope="module", params=[pytest.param(crowd.MIXED, id="mixed"), soak(crowd.LIGHT, id="light")])
def took_first_and_with_one_more(request):
    """Few athletes and many: what all that there is takes, and what one more activity takes after it."""
    first, more = [], []
    for athletes in (SMALL, LARGE):
        db = filled(request.param, athletes)
        first.append(run(db))
        db.put(json.dumps(crowd.one_more(request.param, 3)), "2026-01-01T00:00:00Z")
        more.append(run(db))
        db.close()
    return first, more


def test_no_statement_grows_faster_than_the_number_of_athletes(took_first_and_with_one_more):
    took, _ = took_first_and_with_one_more
    assert len(took[1]) > 300
    assert grown(*took, 1.3 * LARGE / SMALL) == []


def test_one_more_activity_takes_the_same_steps_among_many_athletes_as_among_few(took_first_and_with_one_more):
    _, took = took_first_and_with_one_more
    assert sum(steps > 0 for steps, _ in took[1].values()) > 300
    assert grown(*took, 1.05, 100) == []
