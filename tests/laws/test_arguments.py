"""Every function answers any argument with a value or with a sentence that begins with its name.

The sentences are kept in error_sentences.txt, one for each way in which an argument can be wrong, and compared
exactly. After a change of wording or a new function, write the file again and read the difference:

    ATHLETE_WRITE_SENTENCES=1 make pytest TESTS=tests/laws/test_arguments.py
"""

import json
import os
import pathlib
import re
import sqlite3

import pytest

from helpers import functions
from helpers.extension import BUILD, connect
from helpers.machine.soak import sized

SENTENCES = pathlib.Path(__file__).with_name("error_sentences.txt")

HOSTILE = {
    "NULL": "NULL",
    "NaN": "9e999 - 9e999",
    "infinity": "9e999",
    "minus infinity": "-9e999",
    "huge": "1e308",
    "minus huge": "-1e308",
    "tiny": "5e-324",
    "zero": "0",
    "minus one": "-1",
    "a fraction": "0.5",
    "largest integer": "9223372036854775807",
    "smallest integer": "-9223372036854775808",
    "empty text": "''",
    "a word": "'word'",
    "1 MB of text": "printf('%.*c', 1000000, 'x')",
    "a number as text": "'7'",
    "a number with blanks": "' 7 '",
    "hexadecimal text": "'0x10'",
    "text that is not UTF-8": "CAST(x'ff41' AS TEXT)",
    "text with a zero byte": "CAST(x'410042' AS TEXT)",
    "a character beyond the BMP": "'🏃🏃🏃🏃🏃🏃🏃🏃🏃🏃🏃'",
    "blob": "x'00ff'",
    "empty blob": "x''",
    "JSON list": "'[]'",
    "JSON object": "'{}'",
    "JSON with an unknown name": "'{\"no such option\": 1}'",
    "JSON cut off": "'{\"a\": '",
    "deep JSON": "printf('%.*c', 5000, '[')",
    "deep JSON that ends": "printf('%.*c', 70, '[') || printf('%.*c', 70, ']')",
    "a date": "'2024-02-29'",
    "no date": "'2023-02-29'",
    "a query": "'SELECT 1'",
    "two queries": "'SELECT 1; SELECT 2'",
    "a query that writes": "'CREATE TABLE t(x)'",
    "a query that fails": "'SELECT * FROM nowhere'",
    "a query with a parameter": "'SELECT ?1'",
}


# Under the sanitizers a value is asked about in one of the ways in which a function can stand, each in its turn; in `make soak` in all.
IN_TURN = sized(BUILD.name == "asan", False)


def open_database():
    db = connect(isolation_level=None)
    db.text_factory = bytes
    return db


with connect() as _db:
    FUNCTIONS = functions.declared(_db)
_db.close()
BY_NAME = {f.name: f for f in FUNCTIONS}


def answer(db, sql):
    """None, or the sentence with which a query failed."""
    try:
        db.execute(sql).fetchall()
    except sqlite3.OperationalError as error:
        return str(error)
    return None


def hostile_calls(function):
    """(what is wrong, the SQL expressions of the call) for each position and value; repeated arguments come twice."""
    base = function.base()
    for position in range(len(base)):
        for what, value in HOSTILE.items():
            yield position, what, base[:position] + [value] + base[position + 1 :]


def sql_of_call(function, values):
    return [*function.queries(values), *([function.constraint_query(values)] if function.kind == "table" and values else [])]


def is_sentence(function, text):
    """The function's name, then words: no bare code of SQLite and no unfinished format."""
    return re.match(rf"{function.name}: \S.*\S", text, re.S) and not re.search(r"%[a-z]|\(null\)", text)


@pytest.mark.parametrize("name", BY_NAME)
def test_a_plain_call_works(name):
    """If this fails for a new function: its arguments cannot be guessed, add it to EXAMPLES in functions.py."""
    function = BY_NAME[name]
    db = open_database()
    base = function.base()
    for values in [base, base[: max(function.required, 0)]]:
        for sql in sql_of_call(function, values):
            assert answer(db, sql) is None, sql
    db.close()


@pytest.mark.sanitized  # in every case
@pytest.mark.parametrize("name", BY_NAME)
def test_any_argument_gives_a_value_or_a_sentence(name):
    """In every row, and for aggregates also in one row of many, so that it enters and leaves a moving frame."""
    function = BY_NAME[name]
    db = open_database()
    base = function.base()
    for number, (position, _, values) in enumerate(hostile_calls(function)):
        mixed = list(values)
        mixed[position] = f"CASE x WHEN 3 THEN {values[position]} ELSE {base[position]} END"
        ways = [*sql_of_call(function, values), *(function.queries(mixed) if function.kind in ("aggregate", "window") else [])]
        for sql in [ways[(number + position) % len(ways)]] if IN_TURN else ways:
            sentence = answer(db, sql)
            assert sentence is None or is_sentence(function, sentence), (sql[:300], sentence)
    db.close()


@pytest.mark.parametrize("name", BY_NAME)
def test_the_wrong_number_of_arguments_is_a_sentence(name):
    function = BY_NAME[name]
    db = open_database()
    base = function.base()
    most = function.most
    counts = [*range(function.required), *([most + 1, most + 2] if most is not None else [])]
    for count in counts:
        values = (base + ["1"] * count)[:count]
        for sql in function.queries(values):
            sentence = answer(db, sql)
            if function.kind == "table" and most is not None and count > most:
                assert sentence == f"too many arguments on {name}() - max {most}"  # SQLite's own words
            elif function.kind in ("aggregate", "window") and ("WHERE x < 0" in sql or "FOLLOWING AND 3" in sql):
                assert sentence is None or is_sentence(function, sentence), sql  # no row, no call
            else:
                assert sentence and is_sentence(function, sentence), (sql, sentence)
    db.close()


@pytest.mark.parametrize("name", [f.name for f in FUNCTIONS if f.kind == "scalar"])
def test_null_gives_null_unless_the_argument_says_otherwise(name):
    function = BY_NAME[name]
    db = open_database()
    base = function.base()
    declared = list(function.arguments) + [function.arguments[-1]] * (len(base) - len(function.arguments)) if base else []
    for position, argument in enumerate(declared):
        if not argument.nullable:
            values = base[:position] + ["NULL"] + base[position + 1 :]
            assert db.execute(f"SELECT {name}({', '.join(values)})").fetchone() == (None,), argument.name
    db.close()


# --- the sentences -----------------------------------------------------------------------------------------------


def kind_of(sentence):
    """Sentences that differ only in what came are one kind."""
    return sentence.split(", got ")[0]


def all_sentences():
    """One call and its sentence for each kind of sentence, and each way to say what came."""
    db = open_database()
    kinds, found = {}, {}
    for function in FUNCTIONS:
        calls = [(f"{function.name}()", [])] if function.required else []
        calls += [(f"{function.name}: argument {p + 1}: {what}", values) for p, what, values in hostile_calls(function)]
        if function.most is not None and function.kind != "table":
            base = (function.base() + ["1"] * function.most)[: function.most]
            calls.append((f"{function.name}: one argument more", base + ["1"]))
        for title, values in calls:
            sentence = answer(db, next(iter(function.queries(values))))
            if sentence is None:
                continue
            kinds.setdefault((function.name, kind_of(sentence)), (title, sentence))
            if ", got " in sentence:
                found.setdefault(sentence.split(", got ", 1)[1], title.split(": ")[-1])
    db.close()
    lines = ["# What the functions say to wrong arguments. Written by test_arguments.py, which says how.", ""]
    for (name, _), (title, sentence) in kinds.items():
        lines += [f"{title}\n    {sentence}"]
    lines += ["", "# How sentences name what came.", ""]
    lines += sorted(f"{what}\n    {text}" for text, what in found.items())
    return "\n".join(lines) + "\n"


@pytest.mark.unsanitized  # the calls of the tests above
def test_the_sentences_are_those_that_were_agreed():
    now = all_sentences()
    if os.environ.get("ATHLETE_WRITE_SENTENCES"):
        SENTENCES.write_text(now)
    assert now == SENTENCES.read_text()


def listed(db, where):
    """Options as a sentence names them: "reg_lambda (lambda)"."""
    return [f"{name} ({alias})" if alias else name for name, alias in db.execute(f"SELECT name, alias FROM athlete_options WHERE {where}")]


def test_the_options_that_a_function_knows_are_those_that_are_listed(db):
    """Called with an option that there is not, each function names those that there are."""
    found = {}
    for function in functions.declared(db):
        for i, argument in enumerate(function.arguments):
            values = function.base()
            if argument.type != "options" or i >= len(values):
                continue
            values = [*values[:i], "'{\"no such option\": 1}'", *values[i + 1 :]]
            with pytest.raises(sqlite3.OperationalError) as caught:
                db.execute(next(iter(function.queries(values)))).fetchall()
            if known := re.search('unknown option "no such option"; known are (.*)', str(caught.value)):
                found[function.name] = known[1].split(", ")
    assert len(found) > 8
    assert found == {name: listed(db, f"function = '{name}'") for name in found}


def test_the_members_of_a_specification_are_those_that_are_listed(db):
    for spec, where in (({}, "name NOT LIKE 'lookups[]%'"), ({"labels": "SELECT 1", "lookups": [{"no": 1}]}, "name LIKE 'lookups[]%'")):
        spec = json.dumps(spec or {"no": 1})
        with pytest.raises(sqlite3.OperationalError) as caught:
            db.execute(f"CREATE VIRTUAL TABLE temp.t USING training_set('{spec}')")
        known = re.search('unknown option "no"; known are (.*)', str(caught.value))[1].split(", ")
        assert known == [name.removeprefix("lookups[].") for name in listed(db, f"function = 'training_set' AND {where}")]
