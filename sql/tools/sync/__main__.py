"""Brings from Strava's API what is new there, for those who have access to it:

    python sql/tools/sync athlete.db                          the first time it says how to let it in
    python sql/tools/sync --client=12345:secret athlete.db    … with the number and the secret of an application of yours
    python sql/tools/sync --code=… athlete.db                 … and the code that Strava gave for it
    python sql/tools/sync --events=events.ndjson athlete.db   what Strava's webhook sent: only these are asked for

Tokens are in ~/.config/athlete/strava.json, or where --tokens says, and nowhere else. When Strava's limit is used up it stops and says
until when; the same command goes on from there. --positions=1 keeps where activities went.
"""

import datetime
import json
import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from common import arguments, database, inbox, landing, numbers, program, recordings  # noqa: E402
from common.database import Failure  # noqa: E402
from door import Door, Full, Missing, Tokens  # noqa: E402
from importers import strava_streams, streams  # noqa: E402
from importers.recording import Unreadable  # noqa: E402

SOURCE = "Strava API"
PAGE = 100
BACK_S = 14 * 86400  # so far back an edit of an activity is looked for
AT_ONCE = 20  # activities that land together
KEYS = "time,distance,altitude,heartrate,cadence,watts,temp"
# Of an activity, what is about others or about places.
LEFT_OUT = ("map", "start_latlng", "end_latlng", "start_latitude", "start_longitude", "location_city", "location_state", "location_country", "segment_efforts", "photos",
            "kudos_count", "comment_count", "athlete_count", "photo_count", "total_photo_count", "achievement_count", "pr_count", "has_kudoed", "similar_activities")
# Activities of which the API told a summary that is newer than their details.
DUE = """
    SELECT activity_id FROM bronze_strava_activities AS b WHERE source = ?1 GROUP BY activity_id
    HAVING COALESCE(MAX(bronze_id) FILTER (WHERE stream = 'summary'), 0) > COALESCE(MAX(bronze_id) FILTER (WHERE stream = 'detail'), 0)
       AND (SELECT stream FROM bronze_strava_activities AS l WHERE l.activity_id = b.activity_id ORDER BY bronze_id DESC LIMIT 1) <> 'tombstone'
    ORDER BY MAX(bronze_id)"""
NEWEST = "SELECT MAX(json_extract(payload, '$.start_date')) FROM bronze_strava_activities WHERE source = ? AND stream = 'summary'"


def main(given):
    options = arguments.parse(__doc__, given, "--client", "--code", "--tokens", "--events", "--positions", "database")
    door = entered(options)
    with database.opened(options.database, creates=True, loads=False) as db:
        inbox.land(db, options.database)
        since, full, wanted, n_gone = landing.marks(db), None, [], 0
        try:
            if options.events is None:
                list_new(db, options.database, door)
            else:
                wanted, n_gone = hear(db, options.database, door, options.events)
            n_streams = detail(db, options.database, door, wanted, options.positions == "1")
        except Full as error:
            full = str(error)
        for line in landing.told(db, since):
            program.say(line)
        n_left = len(db.execute(DUE, (SOURCE,)).fetchall())
    if full:
        program.say(f"Strava's limit is used up until {full}" + (f"; {n_left} activities wait for their details" if n_left else "") + ": the same command goes on from there")


def entered(options):
    tokens = Tokens(options.tokens)
    if options.client is not None:
        number, _, secret = options.client.partition(":")
        if not numbers.is_whole(number) or not secret:
            raise Failure("--client is the number of an application and its secret: 12345:0123abcd…")
        tokens.keep(client_id=int(number), client_secret=secret)
    if "client_id" not in tokens.told:
        raise Failure("Strava lets in applications: make one at https://www.strava.com/settings/api with the domain localhost, and say CLIENT=its number:its secret")
    door = Door(tokens)
    if options.code is not None:
        door.enter(options.code)
    if "refresh_token" not in tokens.told:
        raise Failure(f"Open this, allow it, and say CODE= with the address that the browser then shows: {door.address()}")
    return door


def list_new(db, path, door):
    """Summaries, page by page, from a while before the newest that is here."""
    newest = database.value(db, NEWEST, SOURCE)
    after = {"after": int(datetime.datetime.fromisoformat(newest.replace("Z", "+00:00")).timestamp()) - BACK_S} if newest else {}
    page = 1
    while rows := door.get("/athlete/activities", per_page=PAGE, page=page, **after):
        if not isinstance(rows, list):
            raise Failure("Strava's list of activities is none")
        land(db, path, rows)
        if len(rows) < PAGE:
            break
        page += 1


def hear(db, path, door, file):
    """(numbers of activities that were made or changed, how many are gone) by the events of the webhook."""
    text = sys.stdin.read() if file == "-" else pathlib.Path(file).read_text()
    try:
        events = json.loads(text) if text.lstrip().startswith("[") else [json.loads(line) for line in text.splitlines() if line.strip()]
        kinds = [(event["object_type"], event["aspect_type"], str(event["object_id"]), event.get("updates", {})) for event in events]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Failure(f"{file} has no events of Strava's webhook, one a line: {error}") from error
    last = {number: aspect for kind, aspect, number, _ in kinds if kind == "activity"}
    gone = [{"object_type": "activity", "aspect_type": "delete", "object_id": int(number)} for number, aspect in last.items() if aspect == "delete"]
    land(db, path, gone)
    if any(kind == "athlete" and str(updates.get("authorized")).lower() == "false" for kind, _, _, updates in kinds):
        door.tokens.remove()
        raise Failure("the athlete has taken the permission back: the tokens are removed; make forget removes what came")
    return [number for number, aspect in last.items() if aspect != "delete"], len(gone)


def detail(db, path, door, wanted, with_positions):
    """Each activity whole, with its streams; how many had streams."""
    due, n_streams = wanted or [number for (number,) in db.execute(DUE, (SOURCE,))], 0
    for start in range(0, len(due), AT_ONCE):
        documents, recorded, full = [], [], None
        for number in due[start : start + AT_ONCE]:
            try:
                document = door.get(f"/activities/{int(number)}", include_all_efforts="false")
                channels = recording(door, number, document, with_positions)
            except Missing:
                continue
            except Full as error:
                full = error
                break
            documents.append(document)
            recorded += [(SOURCE, streams.recorded(number, document["athlete"]["id"], channels))] if channels else []
        land(db, path, documents)
        recordings.keep(db, path, recorded, [])
        n_streams += len(recorded)
        if full is not None:
            raise full
    return n_streams


def recording(door, number, document, with_positions):
    if document.get("manual"):
        return {}
    try:
        sets = door.get(f"/activities/{int(number)}/streams", keys=KEYS + (",latlng" if with_positions else ""), key_by_type="true")
        return strava_streams.channels({name: one["data"] for name, one in sets.items() if isinstance(one, dict) and isinstance(one.get("data"), list)}, with_positions)
    except (Missing, Unreadable):
        return {}  # an activity without a recording


def land(db, path, documents):
    if documents:
        text = "\n".join(json.dumps({name: value for name, value in document.items() if name not in LEFT_OUT}) for document in documents)
        inbox.put(db, path, [[(SOURCE, text.encode())]])
        inbox.land(db, path)


program.run(main)
