"""Who read what of whom, and when, stands in the log; values do not; and what cannot be logged is not answered."""

import datetime
import json
import os
import random
import shutil
import stat

import pytest

from helpers.stores.served import Served, segment
from helpers.tools import tool


def logged(api):
    try:
        with open(f"{api.path}-reads.ndjson", encoding="utf-8") as log:
            return [json.loads(line) for line in log]
    except FileNotFoundError:
        return []


@pytest.mark.parametrize("seed", range(4))
def test_each_answer_with_values_is_a_line_and_nothing_else_is(own_api, seed):
    rng, wanted = random.Random(seed), []
    began = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    for _ in range(30):
        who, athlete = rng.choice(["coach", "first", "second", "writer", None]), rng.choice(["4001", "4002", "4003", "Zoë/ü 1%?", "nobody"])
        token, features = own_api.tokens.get(who), rng.choice([None, ["sleep_h"], ["quality", "device"]])
        if rng.random() < 0.5:
            answer = own_api.get(f"/features/athlete_sleep/{segment(athlete)}?as_of=2025-10-20" + (f"&features={','.join(features)}" if features else ""), token)
            read = [[athlete]]
        else:
            asked = rng.sample(["4001", "4002", "nobody", "Zoë/ü 1%?"], 2)
            answer = own_api.post("/features/athlete_sleep", {"entities": asked, "as_of": "2025-10-20"} | ({"features": features} if features else {}), token)
            read = [[row["entity"]["athlete_id"]] for row in answer.json().get("rows", []) if row["features"] is not None]
        if answer.status_code == 200:
            wanted.append((who, "athlete_sleep", read, features))
        own_api.get(rng.choice(["/groups", "/health", "/openapi.json"]))
    lines = logged(own_api)
    assert wanted and [(line["who"], line["group"], line["entities"], line["features"]) for line in lines] == wanted
    assert all(began <= line["at"] <= "9" and line["as_of"].startswith("2025-10-20") for line in lines)
    with open(f"{own_api.path}-reads.ndjson") as log:
        text = log.read()
    assert not any(value in text for value in ("7.5", "6.25", "good", "W-1")) and stat.S_IMODE(os.stat(f"{own_api.path}-reads.ndjson").st_mode) == 0o600


def test_what_cannot_be_logged_is_not_answered(own_api):
    os.mkdir(f"{own_api.path}-reads.ndjson")
    answer = own_api.get("/features/athlete_sleep/4001", own_api.tokens["coach"])
    assert answer.status_code == 503 and "reads are logged, and the log beside the database cannot be written" in answer.json()["error"]
    assert own_api.post("/features/athlete_sleep", {"entities": ["4001"]}, own_api.tokens["coach"]).status_code == 503
    assert own_api.get("/groups").status_code == 200


def test_a_page_of_the_one_who_started_the_server_is_logged_by_its_address(own_api):
    cookies = {"ds_actor": own_api.datasette.sign({"a": {"id": "root"}}, "actor")}
    name = own_api.datasette.get_database().route
    assert own_api.get(f"/{name}/athlete_sleep.json?athlete_id=4001", cookies=cookies).status_code == 200
    assert own_api.get(f"/{name}/athlete_sleep.json?athlete_id=4001").status_code == 403
    assert [(line["who"], line["path"]) for line in logged(own_api)] == [("root", f"/{name}/athlete_sleep.json?athlete_id=4001")]


def test_who_is_forgotten_is_forgotten_in_the_log(own_api, tmp_path):
    for athlete in ("4001", "4002", "4001"):
        own_api.get(f"/features/athlete_sleep/{athlete}?as_of=2025-10-20", own_api.tokens["coach"])
    own_api.post("/features/athlete_sleep", {"entities": ["4002", "4001"], "as_of": "2025-10-20"}, own_api.tokens["coach"])
    kept = [line for line in logged(own_api) if line["entities"] == [["4002"]]]
    os.makedirs(tmp_path / "copy")
    for end in ("", "-reads.ndjson"):
        shutil.copy(f"{own_api.path}{end}", tmp_path / "copy" / f"a.db{end}")
    done = tool("forget", tmp_path / "copy" / "a.db", "4001")
    assert done.returncode == 0 and "3 lines of the log of reads" in done.stdout, done.stdout + done.stderr
    with open(tmp_path / "copy" / "a.db-reads.ndjson") as log:
        assert [json.loads(line) for line in log] == kept
    served = Served(tmp_path / "copy" / "a.db")
    assert served.get("/features/athlete_sleep/4001?as_of=2025-10-20", own_api.tokens["coach"]).status_code == 404
    assert served.get("/features/athlete_sleep/4002?as_of=2025-10-20", own_api.tokens["coach"]).status_code == 200
    served.close()
