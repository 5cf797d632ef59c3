"""The tools, by the questions that they answer."""

import datetime
import json
import sys
import time
from typing import Annotated, Literal

from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import ToolAnnotations
from pydantic import Field

import answers
import bearers
from common import database
from copies import Refused, reading

INSTRUCTIONS = """One endurance athlete's training, computed: load, form, risk, race-time estimates with intervals, and the rows behind each number.
Every answer names the tables and keys it came from; quote these numbers and compute none yourself. Signs are to be looked at: they are no diagnosis,
and null means that it is not known. Start with how_am_i; tables and query answer what no other tool does."""
READS = ToolAnnotations(read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False)

Athlete = Annotated[str | None, Field(description="whose; only for who may ask about several", max_length=100)]
Day = Annotated[str | None, Field(description="YYYY-MM-DD", max_length=10)]
Distance = Annotated[str | None, Field(description="5k, 10k, 21k, 42k, or 5 km, 10 km, half-marathon, marathon", max_length=20)]
Days = Annotated[int, Field(ge=1, le=365)]
Limit = Annotated[int, Field(ge=1, le=100)]


class Desk:
    """Takes questions: who asks, whose rows, the answer, and a line in the log."""

    def __init__(self, copies, who, log):
        self.copies, self.who, self.log = copies, who, log

    def answer(self, tool, athlete, **asked):
        return self._logged(tool, athlete, asked, lambda copy: answers.answer(copy, tool, asked))

    def select(self, athlete, sql, max_rows):
        return self._logged("query", athlete, {"sql": sql}, lambda copy: answers.selected(copy, sql, max_rows, reading))

    def tables(self, athlete):
        def work(copy):
            return {"athlete": copy.athlete, "answer": copy.tables(), "sources": [{"table": "sqlite_schema"}]}

        return self._logged("tables", athlete, {}, work)

    def squad(self):
        def work(_):
            with database.opened(self.copies.path, reads_only=True) as db:
                found = db.execute("SELECT * FROM gold_squad")
                names = [column[0] for column in found.description]
                rows = [dict(zip(names, map(answers.shown, row))) for row in found.fetchmany(1000)]
            return {"answer": {"athletes": rows}, "sources": [{"table": "gold_squad", "rows": [{"athlete_id": row["athlete_id"]} for row in rows]}]}

        return self._logged("squad", None, {}, work, needs_athlete=False)

    def _logged(self, tool, athlete, asked, work, needs_athlete=True):
        started, asker, whose, outcome, read = time.monotonic(), None, None, "ok", []
        try:
            asker = self.who()
            if needs_athlete:
                whose = bearers.whose(asker, athlete)
            elif asker.athlete is not None:
                raise Refused(f"this door is open to athlete {asker.athlete} only")
            found = work(self.copies.of(whose) if needs_athlete else None)
            read = [source["table"] for source in found["sources"]]
            return found
        except (Refused, database.Failure) as refused:
            outcome = str(refused)
            raise ToolError(outcome) from None
        finally:
            line = {"at": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"), "who": asker and asker.name, "athlete": whose, "tool": tool,
                    "asked": {name: given for name, given in asked.items() if given is not None}, "read": read, "outcome": outcome, "ms": round(1000 * (time.monotonic() - started))}  # fmt: skip
            print(json.dumps(line, ensure_ascii=False), file=self.log, flush=True)


def day(text):
    if text is not None:
        try:
            if datetime.date.fromisoformat(text).isoformat() != text:
                raise ValueError
        except ValueError:
            raise ToolError(f"{text!r} is no day: YYYY-MM-DD") from None
    return text


def server(desk, **options):
    found = MCPServer("athlete", title="athlete", instructions=INSTRUCTIONS, log_level="WARNING", **options)
    tool = found.tool(annotations=READS)

    def known(distance):
        if distance is not None and not desk.copies.look("SELECT EXISTS (SELECT 1 FROM race_distances WHERE ? IN (distance_class, name))", distance):
            raise ToolError(f"there is no distance {distance!r}; there are {desk.copies.look('SELECT group_concat(distance_class) FROM race_distances')}")
        return distance

    @tool
    def how_am_i(as_of: Day = None, athlete: Athlete = None) -> dict:
        """How the athlete is: fitness, fatigue, form, acute to chronic ratio, monotony, rest, and what of the load is unknown, on the last evening or that of as_of."""
        return desk.answer("how_am_i", athlete, as_of=day(as_of))

    @tool
    def what_changed(days: Days = 7, athlete: Athlete = None) -> dict:
        """What is different from some days ago: form then and now, activities since, estimates before and now, corrections that arrived."""
        return desk.answer("what_changed", athlete, days=days)

    @tool
    def weeks(weeks: Annotated[int, Field(ge=1, le=100)] = 8, athlete: Athlete = None) -> dict:
        """Distance, load, pace, monotony and strain of the last weeks, the newest first."""
        return desk.answer("weeks", athlete, weeks=weeks)

    @tool
    def risk(days: Days = 28, athlete: Athlete = None) -> dict:
        """Which of the last days carry a flag of overtraining risk or cannot be judged, and the limits that decide it."""
        return desk.answer("risk", athlete, days=days)

    @tool
    def race_estimates(distance: Distance = None, athlete: Athlete = None) -> dict:
        """What races would take now, with intervals, by the model (time_estimator) and by the classic formulas."""
        return desk.answer("race_estimates", athlete, distance=known(distance))

    @tool
    def why_estimate(distance: Distance = "10k", athlete: Athlete = None) -> dict:
        """Why an estimate is what it is: its inputs, SHAP steps in seconds, the result it rests on, what the interval rests on, and how good such estimates were."""
        return desk.answer("why_estimate", athlete, distance=known(distance))

    @tool
    def races(distance: Distance = None, order: Literal["newest", "fastest"] = "newest", limit: Limit = 20, athlete: Athlete = None) -> dict:
        """The races that were run, with official distance and time, and runs that look like races."""
        return desk.answer("races", athlete, distance=known(distance), order=order, limit=limit)

    @tool
    def next_workout(athlete: Athlete = None) -> dict:
        """Which workout is recommended next, why, what it would do to form and risk, and the candidates that it was chosen from."""
        return desk.answer("next_workout", athlete)

    @tool
    def plan(athlete: Athlete = None) -> dict:
        """The days that the athlete has planned, the form that they lead to, and which taper serves the next race best."""
        return desk.answer("plan", athlete)

    @tool
    def find_activities(since: Day = None, until: Day = None, sport: Annotated[str | None, Field(max_length=40)] = None, text: Annotated[str | None, Field(max_length=100)] = None,
                        min_km: float | None = None, max_km: float | None = None, races_only: bool = False,
                        order: Literal["newest", "longest", "fastest", "hardest", "steepest"] = "newest", limit: Limit = 20, athlete: Athlete = None) -> dict:  # fmt: skip
        """Activities by day, sport (Run, TrailRun, Ride …), words of the name and distance; the newest, longest, fastest, hardest or steepest first."""
        return desk.answer("find_activities", athlete, since=day(since), until=day(until), sport=sport, text=text, min_km=min_km, max_km=max_km, races_only=races_only, order=order, limit=limit)

    @tool
    def activity(activity_id: Annotated[str, Field(max_length=100)], athlete: Athlete = None) -> dict:
        """All about one activity: what was recorded, its load and where that comes from, heart-rate zones, and the pace that similar runs spoke for."""
        return desk.answer("activity", athlete, activity_id=activity_id)

    @tool
    def model_record(athlete: Athlete = None) -> dict:
        """How good the models are: errors on races they had not seen, of the survey and of the athlete's own, and why each champion was accepted."""
        return desk.answer("model_record", athlete)

    @tool
    def explain_column(name: Annotated[str, Field(max_length=120)], athlete: Athlete = None) -> dict:
        """What a column means: unit, description, formula, rules, and the columns and tables that it is computed from."""
        return desk.answer("explain_column", athlete, name=name)

    @tool
    def tables(athlete: Athlete = None) -> dict:
        """The tables and views that query can read, with their columns."""
        return desk.tables(athlete)

    @tool
    def query(sql: Annotated[str, Field(max_length=20_000)], max_rows: Annotated[int, Field(ge=1, le=500)] = 100, athlete: Athlete = None) -> dict:
        """One SELECT of your own in SQLite's SQL over this athlete's rows, also with hms(seconds), linear_trend(y, x), quantile(x, q) and the other functions; stopped after 2 seconds. Prefer the other tools."""
        return desk.select(athlete, sql, max_rows)

    @tool
    def squad() -> dict:
        """Every athlete's last day in one row each: form, ratio, flags, estimate of the next race. For a coach's token only."""
        return desk.squad()

    return found


def log_to(path):
    return sys.stderr if path is None else open(path, "a", encoding="utf-8")  # noqa: SIM115 - for as long as the server runs
