"""Who may do what: without a token nothing, with one what it was made for, and Datasette's own pages for nobody but root."""

import sqlite3

import pytest

from helpers.stores import served
from helpers.stores.served import segment


VALUES = [
    ("GET", "/features/athlete_sleep/4001", None),
    ("POST", "/features/athlete_sleep", {"entities": ["4001"]}),
    ("POST", "/ingest/athlete_sleep/4001", {"rows": [served.sleep_row(1)]}),
]
SECRETS = ["token_sha256", "ops_tokens"]


@pytest.mark.parametrize("method, path, body", VALUES)
def test_values_need_a_token_that_is_known(api, method, path, body):
    known = api.tokens["coach"]
    for wrong in (None, "x", known[:-1], known + "x", known.swapcase(), "' OR 1 --", "\u00e9" * 40):
        headers = {"Authorization": f"Bearer {wrong}".encode()} if wrong else {}
        answer = api.request(method, path, json=body, headers=headers)
        assert answer.status_code == 401 and answer.headers["www-authenticate"] == "Bearer"
    for scheme in ("Basic", "Token", ""):
        assert api.request(method, path, json=body, headers={"Authorization": f"{scheme} {known}".strip()}).status_code == 401


@pytest.mark.parametrize("athlete", ["4001", "4003", "nobody", "Zoë/ü 1%?", "4002 ", "04002", "4002%00"])
def test_one_athletes_token_never_reads_or_writes_anothers_rows(api, athlete):
    answers = [
        api.get(f"/features/athlete_sleep/{segment(athlete)}", api.tokens["second"]),
        api.get(f"/features/computed_load/{segment(athlete)}", api.tokens["second"]),
        api.post("/features/athlete_sleep", {"entities": ["4002", athlete]}, api.tokens["second"]),
        api.post(f"/ingest/athlete_sleep/{segment(athlete)}", {"rows": [served.sleep_row(1)]}, api.tokens["second"]),
    ]
    assert [answer.status_code for answer in answers] == [403] * 4
    assert {answer.text for answer in answers[:3]} == {'{"status":403,"error":"the token \'second\' is for athlete_id 4002 only"}'}
    assert api.get("/features/athlete_sleep/4002", api.tokens["second"]).status_code == 200


def test_a_token_for_one_key_of_several_opens_all_of_its_rows_and_no_group_without_the_key(api):
    assert api.get("/features/race_scores/7/42k?as_of=2025-11-01", api.tokens["judge"]).status_code == 200
    assert api.get("/features/race_scores/7/10k?as_of=2025-11-01", api.tokens["judge"]).status_code == 200
    assert api.get("/features/race_scores/8/42k?as_of=2025-11-01", api.tokens["judge"]).status_code == 403
    answer = api.get("/features/athlete_sleep/7", api.tokens["judge"])
    assert answer.status_code == 403 and "is not kept by that" in answer.json()["error"]
    assert api.get("/features/race_scores/7/42k", api.tokens["first"]).status_code == 403


def test_writing_needs_a_token_for_the_group_and_reading_one_for_reading(own_api):
    def written(group, entity, name):
        return own_api.post(f"/ingest/{group}/{entity}", {"rows": [served.sleep_row(1)]}, own_api.tokens[name]).status_code

    assert written("athlete_sleep", "4001", "coach") == 403
    assert written("athlete_sleep", "4001", "second") == 403
    assert written("athlete_sleep", "4001", "first") == 200
    assert written("athlete_sleep", "4002", "first") == 403
    assert written("athlete_sleep", "4002", "writer") == 200
    assert written("computed_load", "4001", "writer") == 409
    assert own_api.get("/features/athlete_sleep/4001", own_api.tokens["writer"]).status_code == 403
    assert own_api.post("/features/athlete_sleep", {"entities": ["4001"]}, own_api.tokens["writer"]).status_code == 403


def test_a_revoked_or_expired_token_ends_at_once(own_api):
    ending = served.token(own_api.path, "ending", "--athlete", "4001", "--days", "1")
    assert own_api.get("/features/athlete_sleep/4001", ending).status_code == 200
    db = sqlite3.connect(own_api.path)
    db.execute("UPDATE ops_tokens SET expires_at = '2025-01-01T00:00:00Z' WHERE name = 'ending'")
    db.commit()
    db.close()
    assert own_api.get("/features/athlete_sleep/4001", ending).status_code == 401
    assert own_api.get("/features/athlete_sleep/4001", own_api.tokens["coach"]).status_code == 200
    assert "revoked" in served.token(own_api.path, "--revoke", "coach")
    assert own_api.get("/features/athlete_sleep/4001", own_api.tokens["coach"]).status_code == 401


def test_a_token_is_kept_as_its_digest_alone_and_its_making_is_audited(api):
    content = api.path.read_bytes()
    assert all(token.encode() not in content for token in api.tokens.values())
    kept = {row["name"]: row["token_sha256"] for row in api.select("SELECT * FROM ops_tokens")}
    assert kept == {name: api.select("SELECT sha256(?) AS s", token)[0]["s"] for name, token in api.tokens.items()}
    made = api.select("SELECT object FROM ops_audit WHERE action = 'token made' ORDER BY audit_id")
    assert [row["object"] for row in made] == list(served.TOKENS)


def test_the_maker_of_tokens_refuses_what_makes_no_sense(api):
    path = api.path
    assert "already" in served.token(path, "coach", "--athlete", "all", fails=True)
    assert "no feature group sleep" in served.token(path, "x", "--athlete", "1", "--write", "sleep", fails=True)
    for whom in ([], ["--athlete", ""], ["--key", "race_id"], ["--key", "=7"], ["--athlete", "all", "--key", "race_id=7"]):
        assert "for whom" in served.token(path, "x", *whom, fails=True)
    assert "no token 'x'" in served.token(path, "--revoke", "x", fails=True)
    assert "there is no database" in served.token(path.parent / "nowhere.db", "x", "--athlete", "1", fails=True)
    assert not (path.parent / "nowhere.db").exists()
    listed = served.token(path, "--list")
    assert "judge: of {\"race_id\": \"7\"}, reads, writes race_scores" in listed and "writer: of all, does not read, writes *" in listed


def test_a_file_without_tokens_opens_nothing_and_one_setting_opens_reading_to_anyone(tmp_path):
    path = served.database(tmp_path / "bare.db")
    closed, opened = served.Served(path), served.Served(path, {"anonymous_reads": True})
    assert [closed.request(*request[:2], "t", json=request[2]).status_code for request in VALUES] == [401] * 3
    assert [opened.request(method, url, json=body).status_code for method, url, body in VALUES] == [200, 200, 401]
    assert opened.get("/features/athlete_sleep/4001", "wrong").status_code == 401
    closed.close()
    opened.close()


def test_a_setting_that_is_not_known_stops_the_start(tmp_path):
    path = served.database(tmp_path / "bare.db")
    for setting, words in [({"max_row": 5}, "no setting 'max_row'"), ({"max_rows": "5"}, "whole number"), ({"anonymous_reads": 1}, "true or false")]:
        with pytest.raises(Exception, match=words):
            served.Served(path, setting)


PAGES = ["/", "/athlete", "/athlete.json?sql=select+*+from+athlete_sleep", "/athlete?sql=select+*+from+ops_tokens", "/athlete/athlete_sleep",
         "/athlete/athlete_sleep.json", "/athlete/ops_tokens.json", "/athlete.db", "/-/databases.json", "/-/metadata.json", "/-/settings.json",
         "/-/plugins.json", "/-/versions.json", "/-/threads.json", "/-/permissions", "/_internal", "/athlete/athlete_sleep/1.json"]


@pytest.mark.parametrize("page", PAGES)
def test_datasettes_own_pages_are_closed_whatever_the_token(api, page):
    for token in (None, api.tokens["coach"], api.tokens["writer"]):
        answer = api.get(page, token)
        assert answer.status_code in (403, 404), (page, answer.status_code)
        assert "4001" not in answer.text and not any(secret in answer.text.replace(page, "") for secret in SECRETS)


def test_root_sees_the_pages_and_never_the_tokens(api):
    cookies = {"Cookie": f"ds_actor={api.datasette.sign({'a': {'id': 'root'}}, 'actor')}"}
    shown = api.get("/athlete/athlete_sleep.json?_shape=array", headers=cookies)
    assert shown.status_code == 200 and len(shown.json()) == len(served.SLEEP_ROWS)
    assert api.get("/athlete.json?sql=select+1+as+x&_shape=array", headers=cookies).json() == [{"x": 1}]
    for path in ("/athlete/ops_tokens", "/athlete/ops_tokens.json", "/athlete/OPS_TOKENS.json", "/athlete/ops_tokens/1"):
        assert api.get(path, headers=cookies).status_code in (403, 404)
    api.get("/features/athlete_sleep/4001", api.tokens["coach"])  # its statement is not one that a page could use
    for sql in ("select * from ops_tokens", 'select name from main."OPS_Tokens"', "select (select max(token_sha256) from ops_tokens)",
                "with t as (select * from ops_tokens) select * from t", "select count(*) from ops_tokens"):
        answer = api.get("/athlete.json", headers=cookies, params={"sql": sql, "_shape": "array"})
        assert answer.status_code == 400 and ("prohibited" in answer.text or "not authorized" in answer.text), (sql, answer.text)
    digests = [row["token_sha256"] for row in api.select("SELECT token_sha256 FROM ops_tokens")]
    for page in ("/", "/athlete", "/athlete.json", "/-/databases.json"):
        text = api.get(page, headers=cookies).text
        assert not any(digest in text for digest in digests)


def test_a_file_served_as_immutable_takes_no_rows(tmp_path):
    path, tokens = tmp_path / "athlete.db", served.original()[1]
    path.write_bytes(served.original()[0].read_bytes())
    opened = served.Served(path, immutable=True)
    assert opened.get("/features/athlete_sleep/4001", tokens["first"]).status_code == 200
    assert opened.post("/ingest/athlete_sleep/4001", {"rows": [served.sleep_row(1)]}, tokens["first"]).status_code == 409
    opened.close()


def test_reading_never_opens_the_file_for_writing(api):
    api.get("/features/athlete_sleep/4001", api.tokens["coach"])
    api.post("/features/athlete_sleep", {"entities": ["4001"]}, api.tokens["coach"])
    api.post("/ingest/athlete_sleep/4001", {"rows": [served.sleep_row(1)]}, api.tokens["coach"])
    assert api.datasette.get_database()._write_thread is None
    conn = api.loop.run_until_complete(api.datasette.get_database().execute_fn(lambda conn: conn))
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        conn.execute("DELETE FROM athlete_sleep")
