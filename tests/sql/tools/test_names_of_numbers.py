"""Every number on page, report and squad has a name that one can SELECT: here is the list, and each is looked up by its name."""

import datetime
import math
import random
import re
import shutil
import sqlite3
import xml.etree.ElementTree as ElementTree

import pytest

from common import database, languages
from helpers.athletes import demo
from helpers.extension import ROOT, connect
from helpers.tools import tool

ATHLETE = "4001"
DAY, NUMBER, TIME, BAR = r"\d{4}-\d\d-\d\d", r"[-+]?\d+(?:\.\d+)?", r"\d+:\d\d(?::\d\d)?|-", r"\S*"
TODAY = "FROM athlete_rolling_features WHERE athlete_id = :athlete ORDER BY as_of_date DESC LIMIT 1"
EVENING = f"(SELECT as_of_date {TODAY})"
SETTING = "(SELECT value FROM ops_config WHERE name = '{}')".format
ESTIMATE = ("(SELECT {} FROM gold_athlete_predictions AS g JOIN race_distances AS d USING (distance_class) WHERE g.athlete_id = :athlete AND d.name = :name AND g.model GLOB '{}'"
            " AND g.prediction_date = (SELECT MAX(prediction_date) FROM gold_athlete_predictions) ORDER BY g.model DESC, g.prediction_id DESC LIMIT 1)").format  # fmt: skip
ERROR = "(SELECT {} FROM gold_race_errors JOIN race_distances AS d USING (distance_class) WHERE source = :source AND subject IS :whose AND d.name = :name AND model = '{}')".format
SOURCES = {"this athlete": "history", "the survey": "survey"}
DURATION = "SELECT duration_ms / 1000 FROM ops_runs WHERE stage = :stage AND outcome = 'ok' AND (rows_in > 0 OR rows_out > 0) ORDER BY run_id DESC LIMIT 1"

# A line of the page, with {value} for each number and key=… for what says which row; the SELECT; how each of its columns is written.
PAGE = [
    (f"Athlete {{}}: {{}} activit(?:y|ies) from {{{DAY}}} to {{{DAY}}}", "SELECT athlete_id, activities, first_date, last_date FROM gold_athlete_records WHERE athlete_id = :athlete", "s d s s"),
    ("  {} runs over {} km, {} race results?", "SELECT runs, run_km, races FROM gold_athlete_records WHERE athlete_id = :athlete", "d d d"),
    ("  the last activity was {} days ago, the last import less than a day ago", "SELECT days_since_activity FROM gold_athlete_records WHERE athlete_id = :athlete", "d"),
    (f"  recorded twice: {{}} activit(?:y is|ies are) kept and not counted, and each training counts once \\(the last is {{\\d+}} of {{{DAY}}}, {{\\d+}} counts\\)",
     "SELECT (SELECT recorded_twice FROM gold_athlete_records WHERE athlete_id = :athlete), activity_id, local_date, same_training_as FROM silver_same_training JOIN silver_strava_activities USING (athlete_id, activity_id) WHERE athlete_id = :athlete ORDER BY start_time DESC LIMIT 1", "d s s s"),
    (f"FORM on the evening of {{{DAY}}} .*", f"SELECT as_of_date {TODAY}", "s"),
    (f"  Fitness  CTL +{{}} {BAR} +{{}} {BAR} +(?:known )?daily load of 42 days", f"SELECT ctl_42d, ctl_ewma {TODAY}", ".1f .1f"),
    (f"  Fatigue  ATL +{{}} {BAR} +{{}} {BAR} +(?:known )?daily load of 7 days", f"SELECT atl_7d, atl_ewma {TODAY}", ".1f .1f"),
    (f"  Form     TSB +{{}} {BAR} +{{}} {BAR} +[a-z, ]+", f"SELECT tsb, tsb_ewma {TODAY}", ".1f .1f"),
    (f"  Ratio   ACWR +{{}} {BAR} +{{}} {BAR} +[a-z, ]+", f"SELECT acwr, acwr_ewma {TODAY}", ".2f .2f"),
    ("  weighted as .*; TSB the evening before {}", f"SELECT tsb_ewma FROM athlete_rolling_features WHERE athlete_id = :athlete AND as_of_date = date({EVENING}, '-1 day')", "+.1f"),
    (f"  (?P<week>{DAY}) +{{}} {BAR} +{{}} +{{}} +{{{TIME}}} +{{{NUMBER}|-}} +{{{NUMBER}|-}}",
     "SELECT run_km, weekly_tss, weekly_activities, 60 * avg_pace_week, training_monotony, CASE WHEN other_km >= 0.05 THEN other_km END FROM gold_athlete_weeks WHERE athlete_id = :athlete AND week_start = :week", ".1f .0f d t .2f .1f"),
    (f"  ! (?P<first>{DAY}) to {{{DAY}}}  acute:chronic ratio up to {{}} is above {{}}", f"SELECT last_date, highest_acwr, {SETTING('acwr_risk_threshold')} FROM gold_risk_stretches WHERE athlete_id = :athlete AND first_date = :first", "s .2f .1f"),
    (f"  ! (?P<first>{DAY})  acute:chronic ratio {{}} is above {{}}", f"SELECT highest_acwr, {SETTING('acwr_risk_threshold')} FROM gold_risk_stretches WHERE athlete_id = :athlete AND first_date = :first AND days = 1", ".2f .1f"),
    (f"  ! (?P<first>{DAY})  monotony {{}} is above {{}}", f"SELECT highest_monotony, {SETTING('monotony_risk_threshold')} FROM gold_risk_stretches WHERE athlete_id = :athlete AND first_date = :first AND days = 1", ".2f .1f"),
    ("  {} of the last {} days flagged \\({} cannot be judged\\), {} rest days in the last {}",
     f"SELECT risk_days_28d, days_28d, untold_days_28d, rest_days_14d, days_14d FROM gold_risk_counts WHERE athlete_id = :athlete AND as_of_date = {EVENING}", "d d d d d"),
    ("  the load of {} activities in {} days is unknown, {} % of the moving time:",
     f"SELECT unknown_load_42d, days_42d, 100 * unknown_load_share_42d FROM gold_risk_counts JOIN athlete_rolling_features USING (athlete_id, as_of_date) WHERE athlete_id = :athlete AND as_of_date = {EVENING}", "d d d"),
    (r"  +{}  (?P<reason>neither pace nor heart)", f"SELECT COUNT(*) FROM gold_unknown_loads WHERE athlete_id = :athlete AND load_reason = :reason AND activity_date > date({EVENING}, '-42 days')", "d"),
    ("    how hard one was, from 0 to 10, makes its load known: sql/tools/tell athlete.db rpe {\\d+} 5", "SELECT activity_id FROM gold_unknown_loads WHERE athlete_id = :athlete AND setting IS NULL ORDER BY event_timestamp DESC, activity_id LIMIT 1", "s"),
    (f"NEXT WORKOUT on {{{DAY}}}: easy, {{}} min at {{}} % of threshold speed, {{{TIME}}} min/km",
     "SELECT recommendation_date, duration, 100 * intensity + 0.5, 60 * pace_min_km FROM gold_training_recommendations WHERE athlete_id = :athlete ORDER BY recommendation_id DESC LIMIT 1", "s d d t"),
    (f"PLAN to {{{DAY}}}: {{}} days of training, {{}} days? with a flag of risk", "SELECT until_date, training_days, risk_days FROM gold_plan_summaries WHERE athlete_id = :athlete", "s d d"),
    (f"  race on {{{DAY}}}: form \\(TSB\\) on its eve {{}} as planned; best served by {{}} % of what is planned in the last {{}} days: {{}}",
     "SELECT n.race_date, n.tsb, 100 * b.share, b.days, b.tsb FROM gold_race_tapers AS n JOIN gold_race_tapers AS b USING (athlete_id) WHERE n.share = 1 AND b.is_best AND athlete_id = :athlete", "s +.1f d d +.1f"),
    (f"    it would take {{{TIME}}} \\({{{TIME}}} to {{{TIME}}}\\)", "SELECT race_s, race_lower_s, race_upper_s FROM gold_plan_outlook WHERE athlete_id = :athlete AND race_s IS NOT NULL", "t t t"),
    (f"RACE TIMES for {{{DAY}}}, with {{}} % intervals .*", f"SELECT MAX(prediction_date), 100 * {SETTING('interval_level')} FROM gold_athlete_predictions WHERE athlete_id = :athlete", "s d"),
    (f"  (?P<name>5 km|10 km|half-marathon|marathon) +{{{TIME}}} +{{{TIME}}} to +{{{TIME}}} +{{{TIME}}} +{{{TIME}}} +{{{TIME}}}",
     "SELECT " + ", ".join([ESTIMATE(f"g.{column}", "time_estimator") for column in ("predicted_s", "lower_s", "upper_s")] + [ESTIMATE("g.predicted_s", model) for model in ("riegel", "vdot", "vickers*")]), "t t t t t t"),
    (f"  from {{}} results, best of all the (?:race|run) of {{{DAY}}}: {{}} km in {{{TIME}}}, {{}} days before",
     "SELECT n_evidence, result_date, distance_m / 1000, seconds, days_before FROM gold_estimate_evidence WHERE athlete_id = :athlete ORDER BY prediction_id DESC LIMIT 1", "d s .1f t d"),
    ("    before a break: up to {} activities in 90 days since then, {} in the last; it counts as slower",
     "SELECT most_activities_90d, activities_90d FROM gold_estimate_evidence WHERE athlete_id = :athlete ORDER BY prediction_id DESC LIMIT 1", "d d"),
    (f"  (?P<source>this athlete|the survey) +(?P<name>\\S.*?) +{{}} +{{{TIME}}} +{{}} % +{{{TIME}}} +{{{TIME}}} +{{{TIME}}}",
     "SELECT " + ", ".join([ERROR(column, "time_estimator") for column in ("races", "typical_error_s", "inside_pct")] + [ERROR("typical_error_s", model) for model in ("riegel", "vdot", "vickers_one_race")]), "d t .0f t t t"),
    ("  model version {} accepted: 10K error of {} s on runners it had not seen, the gate is {} s", f"SELECT v.version, m.mae_s, {SETTING('gate_mae_10k_s')} FROM ml_model_versions AS v JOIN ml_metrics AS m USING (model, version) WHERE model = 'time_estimator' AND m.source = 'survey' AND m.distance_class = '10k' ORDER BY version DESC LIMIT 1", "d .1f .0f"),
    (f"  pace_predictor +(?P<prediction>predicted_pace_min_km) {{}} \\({{}} to {{}}\\) for {{{DAY}}}, next",
     "SELECT g.predicted, i.lower, i.upper, g.prediction_date FROM inference_log AS g JOIN inference_intervals AS i USING (inference_id) WHERE g.model = 'pace_predictor' AND g.entity = :athlete ORDER BY inference_id DESC LIMIT 1", ".2f .2f .2f s"),
    ("    most because of ctl_42d \\({}\\), .*", "SELECT e.contribution FROM gold_explanations AS q CROSS JOIN gbdt_explain(q.reference, q.question) AS e WHERE q.athlete_id = :athlete AND q.model = 'pace_predictor' AND e.feature = 'ctl_42d' ORDER BY q.inference_id DESC LIMIT 1", "+.2f"),
    ("    version {}: {promoted, .*}", "SELECT challenger, CASE decision WHEN 'PROMOTE' THEN 'promoted' END || ', ' || reason FROM ml_decisions WHERE model = 'pace_predictor' ORDER BY decision_id DESC LIMIT 1", "d s"),
    ("  {\\d{4}-\\d\\d}: {} of {} features have left the range of their own months", "SELECT substr(MAX(window_start), 1, 7), SUM(is_drift), COUNT(*) FROM gold_moved_features WHERE athlete_id = :athlete", "s d d"),
    ("    (?P<column>\\w+) of (?P<monitor>\\w+), {} times as far as by itself", "SELECT times_own FROM gold_moved_features WHERE athlete_id = :athlete AND monitor = :monitor AND column_name = :column", ".1f"),
    (f"  alert: freshness of {{}} feature groups, since {{{DAY}}}, {{}} times", "SELECT alerts, substr(opened_at, 1, 10), n_bad FROM gold_open_alerts WHERE kind = 'freshness' AND alerts > 1", "d s d"),
    (f"    nothing has come after {{{DAY}}}; .*", "SELECT last_day FROM gold_open_alerts WHERE kind = 'freshness' AND alerts > 1", "s"),
    (f"  alert: (?P<kind>\\w+) (?P<subject>\\S*), since {{{DAY}}}", "SELECT substr(opened_at, 1, 10) FROM gold_open_alerts WHERE replace(kind, '_', ' ') = :kind AND subject = COALESCE(nullif(:subject, ''), :athlete)", "s"),
    ("  and {} alerts more", "SELECT COUNT(*) - 5 FROM gold_open_alerts", "d"),
    ("  +{}  (?P<table>race_rejects) +(?P<reason>.*\\S)", "SELECT COUNT(*) FROM race_rejects WHERE athlete_id = :athlete AND reason = :reason", "d"),
    ("  +{}  (?P<table>bronze_rejects) +(?P<reason>.*\\S)", "SELECT COUNT(*) FROM bronze_rejects WHERE reason = :reason", "d"),
    (f"  {{{DAY}}}  (?P<name>\\S.*?) +{{{TIME}}}  activity (?P<activity>\\d+) .*", "SELECT local_date, elapsed_s FROM race_candidates JOIN race_distances AS d USING (distance_class) WHERE athlete_id = :athlete AND activity_id = :activity AND d.name = :name", "s t"),
    ("  and {} older: SELECT .*", "SELECT COUNT(*) - 5 FROM race_candidates WHERE athlete_id = :athlete", "d"),
    (f"  (?P<stage>\\d{{3}}_\\w+) +{{}}  {BAR} +{{}} rows", DURATION.replace("1000", "1000, rows_in", 1), ".3f d"),
]  # fmt: skip
# Lines that are a stored text, however it is folded.
TEXTS = ["SELECT reason FROM gold_training_recommendations WHERE athlete_id = :athlete ORDER BY recommendation_id DESC LIMIT 1", "SELECT reason FROM ml_runs WHERE status = 'failed'",
         "SELECT message FROM gold_open_alerts", "SELECT message FROM ops_runs WHERE outcome = 'failed'"]  # fmt: skip
# What of the page's texts with numbers is not in the files below: their numbers are those of the lines above.
ELSEWHERE = {"    if you know it: sql/tools/tell athlete.db setting %s %d --date=%s --athlete=%s", "  and %d older: SELECT * FROM race_candidates", "%d days are too few to tell", "  %d run over %d km, %d %s", ", monotony %s%.2f is above %.1f", " (%.2f to %.2f)", "cluster %d, %s, on %s", "%s %.3f to %.3f", "%d %s", "version %d (%s) beside version %d: ", "  %s failed on %s: %!.40s"}
REPORT = [
    (f"On the evening of {{{DAY}}}: fitness CTL {{}}, fatigue ATL {{}} as means of 42 and 7 days; exponentially weighted {{}} and {{}}\\.", f"SELECT as_of_date, ctl_42d, atl_7d, ctl_ewma, atl_ewma {TODAY}", "s .1f .1f .1f .1f"),
    ("Form TSB is fitness less fatigue: {}, exponentially weighted {}\\.", f"SELECT tsb, tsb_ewma {TODAY}", "+.1f +.1f"),
    ("{}, exponentially weighted {}\\. Hatched: .*", f"SELECT acwr, acwr_ewma {TODAY}", ".2f .2f"),
    (f"Pace of the estimates for {{{DAY}}} with .*", "SELECT MAX(prediction_date) FROM gold_estimate_paces WHERE athlete_id = :athlete", "s"),
    (f"Where the estimate comes from: (?P<start>{TIME}) is what the best result \\({{{DAY}}}, {{}} km in {{{TIME}}}\\) speaks for; .*",
     "SELECT a.local_date, a.distance_m / 1000 + 0.5, a.elapsed_s FROM gold_squad AS s JOIN gold_estimate_evidence AS e USING (prediction_id) JOIN silver_strava_activities AS a ON a.activity_id = e.activity_id WHERE s.athlete_id = :athlete", "s d t"),
    ("Races of this athlete as they were foretold by models that had not seen them: {} of {} within the interval\\. Version {} was accepted: 10K error of {} s on runners it had not seen, the gate is {} s\\.",
     f"SELECT SUM(is_inside), COUNT(*), MAX(version), (SELECT mae_s FROM ml_metrics AS m WHERE (m.model, m.version, m.source, m.distance_class) = ('time_estimator', f.version, 'survey', '10k')), {SETTING('gate_mae_10k_s')} FROM gold_race_forecasts AS f WHERE subject = :athlete AND model = 'time_estimator'", "d d d .1f .0f"),
    (f"Planned to {{{DAY}}}: {{}} days of training, {{}} with a flag of risk\\. On the eve of the race on {{{DAY}}} form is {{}} as planned; best served by {{}} % of the last {{}} days: {{}}\\.",
     "SELECT p.until_date, p.training_days, p.risk_days, n.race_date, n.tsb, 100 * b.share, b.days, b.tsb FROM gold_plan_summaries AS p JOIN gold_race_tapers AS n USING (athlete_id) JOIN gold_race_tapers AS b USING (athlete_id) WHERE n.share = 1 AND b.is_best", "s d d s +.1f d d +.1f"),
    ("In {\\d{4}-\\d\\d} against the year before: {} of {} watched columns .*", "SELECT substr(MAX(window_start), 1, 7), SUM(is_drift), COUNT(*) FROM gold_moved_features WHERE athlete_id = :athlete", "s d d"),
    ("Load of each day, of the last three years\\.|Minutes in the five zones .*|Hours of training of each week\\.|How hard they were: .*", "SELECT 1 WHERE 0", ""),
]  # fmt: skip
# What a picture tells of each mark: heading and series, the SELECT of all of them, and by how much what is written may be rounded.
PICTURES = {
    ("Zones of the last weeks", f"zone {n}"): (f"SELECT week_start, zone_{n}_min FROM gold_zone_weeks WHERE athlete_id = :athlete AND week_start > date({EVENING}, '-182 days') AND zone_1_min IS NOT NULL ORDER BY week_start", 0.0501) for n in range(1, 6)
} | {
    ("Load, fitness and fatigue", "load of the day"): (f"SELECT as_of_date, daily_tss FROM athlete_rolling_features WHERE athlete_id = :athlete AND as_of_date > date({EVENING}, '-365 days') ORDER BY 1", 0.0501),
    ("Races", "past races"): ("SELECT r.name || COALESCE(' (' || hms(MAX(g.predicted_s) FILTER (WHERE g.model = 'time_estimator')) || ')', ''), r.s_per_km FROM gold_race_paces AS r LEFT JOIN gold_athlete_predictions AS g USING (athlete_id, distance_class) WHERE r.athlete_id = :athlete GROUP BY r.activity_id, r.distance_class", 0.51),
    ("The record of the estimates", "run"): ("SELECT as_of_date, actual_pct FROM gold_race_forecasts WHERE subject = :athlete AND model = 'time_estimator' ORDER BY as_of_date", 0.0501),
    ("The plan and the form it leads to", "planned"): ("SELECT plan_date, load_tss FROM gold_plan_outlook WHERE athlete_id = :athlete ORDER BY 1", 0.0501),
    ("Hours by week", "hours"): (f"SELECT week_start, hours FROM gold_energy_weeks WHERE athlete_id = :athlete AND week_start > date({EVENING}, '-182 days') AND trainings > 0 ORDER BY 1", 0.0501),
}  # fmt: skip
SQUAD = (f"(?P<athlete>\\d+) +{{{DAY}}}  {BAR} +{{}} [a-z ]+? +{{}} {BAR} +(?P<name>\\S.*?)  {{{TIME}}} \\({{{TIME}}}–{{{TIME}}}\\) +{{}} of 28 days flagged; load of {{}} % of the time unknown; no activity for {{}} days, this form is of then",
         "SELECT last_activity_date, tsb, acwr, predicted_s, lower_s, upper_s, risk_days_28d, 100 * unknown_load_share_42d + 0.5, days_without FROM gold_squad_evening WHERE athlete_id = :athlete", "s .1f .2f t t t d d d")  # fmt: skip


def pattern(line):
    """What is in braces is a value; without more, a number."""
    return re.compile(re.sub(r"\{(\D[^{}]*(?:\{\d+\}[^{}]*)*|\\d\+|\\d\{4\}[^{}]*(?:\{\d\}[^{}]*)*|\[-\+\][^{}]*)?\}", lambda found: f"({found[1] or NUMBER})", line))


def written(db, value, form):
    if value is None:
        return "-"
    if form == "t":
        return db.execute("SELECT hms(?)", (value,)).fetchone()[0]
    if form == "s":
        return str(value)
    return format(int(value), form) if form == "d" else db.execute("SELECT printf('%' || ?, ?)", (form, value)).fetchone()[0]  # whose halves go up


def keys(found):
    told = {"athlete": ATHLETE} | found.groupdict()
    told["source"] = SOURCES.get(told.get("source"))
    return told | {"whose": ATHLETE if told["source"] == "history" else None}


def looked_up(db, line, names):
    """Whether a name is known for each number of a line, and each has its value."""
    for form, select, forms in names:
        found = pattern(form).fullmatch(line)
        if found:
            named = set(found.re.groupindex.values())
            said = [part for n, part in enumerate(found.groups(), 1) if n not in named]
            row = db.execute(select, keys(found)).fetchone() or ()
            assert said == [written(db, value, each) for value, each in zip(row, forms.split())], line
            return True
    return False


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """The runner with a plan and a race in it, a few loads that nobody knows, an activity recorded twice, alerts, and somebody who went on training."""
    copy = tmp_path_factory.mktemp("names") / "athlete.db"
    shutil.copy(demo.database(), copy)
    chance = random.Random("names")
    with sqlite3.connect(copy) as db:
        (last,) = db.execute("SELECT MAX(as_of_date) FROM athlete_rolling_features").fetchone()
        day = lambda n: (datetime.date.fromisoformat(last) + datetime.timedelta(n)).isoformat()
        for n in sorted(chance.sample(range(1, 27), 14)):
            db.execute("INSERT INTO athlete_plan (athlete_id, plan_date, workout_type, minutes, intensity, told_at) VALUES (?, ?, 'easy', ?, 0.75, '2026-01-01T00:00:00Z')", (ATHLETE, day(n), chance.randint(20, 90)))
        db.execute("INSERT INTO athlete_plan (athlete_id, plan_date, workout_type, distance_m, told_at) VALUES (?, ?, 'race', 21097.5, '2026-01-01T00:00:00Z')", (ATHLETE, day(28)))
    assert tool("run", copy, ROOT / "sql/6_gold/640_plan_outlook.sql").returncode == 0
    with sqlite3.connect(copy) as db:
        db.execute("UPDATE athlete_rolling_features SET unknown_load_42d = 2, unknown_load_share_42d = 0.123 WHERE as_of_date = ?", (last,))
        db.execute("UPDATE athlete_rolling_features SET is_overtraining_risk = NULL WHERE as_of_date = ?", (day(-2),))
        db.execute("UPDATE athlete_rolling_features SET is_overtraining_risk = 1, acwr = 1, training_monotony_7d = 2.345 WHERE as_of_date = ?", (day(-5),))
        db.execute("UPDATE athlete_rolling_features SET activities_90d = 900 WHERE as_of_date = ?", (day(-50),))
        db.execute("UPDATE activity_features SET load_reason = 'neither pace nor heart' WHERE activity_id IN (SELECT activity_id FROM activity_features ORDER BY activity_date DESC LIMIT 2)")
        db.execute("INSERT INTO silver_same_training (athlete_id, activity_id, same_training_as, reason) SELECT ?, MIN(activity_id), MAX(activity_id), '' FROM silver_strava_activities", (ATHLETE,))
        db.execute("UPDATE ops_alerts SET n_bad = 3")
        for n, (kind, subject) in enumerate([("risk", ATHLETE), ("drift", "similar_runs"), *(("failure", f"{n}_stage") for n in range(500, 503))]):
            db.execute("INSERT INTO ops_alerts (fingerprint, key, kind, subject, message, opened_at, last_bad_at, last_window, n_bad, n_good) VALUES (?, ?, ?, ?, 'seen 17 times', ?, '', '', 1, 0)", (f"{kind}:{subject}", str(n), kind, subject, f"2026-03-0{1 + n}T00:00:00Z"))
        db.execute("INSERT INTO silver_unusable_activities SELECT * FROM silver_unusable_activities WHERE 0")
        db.execute("INSERT INTO athlete_profile SELECT '9' AS athlete_id, " + ", ".join(f'"{row[1]}"' for row in list(db.execute("PRAGMA table_info(athlete_profile)"))[1:]) + " FROM athlete_profile")
        columns = ", ".join(f'"{row[1]}"' for row in list(db.execute("PRAGMA table_info(athlete_rolling_features)")) if row[1] not in ("athlete_id", "as_of_date"))
        db.execute(f"INSERT INTO athlete_rolling_features (athlete_id, as_of_date, {columns}) SELECT '9', ?, {columns} FROM athlete_rolling_features WHERE as_of_date = ?", (day(20), last))
    return copy


@pytest.fixture(scope="module")
def page(path):
    done = tool("page", path, ATHLETE)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def test_every_number_of_the_page_has_a_name(path, page):
    with connect(str(path)) as db:
        told = " ".join(" ".join(str(text).split()) for select in TEXTS for (text,) in db.execute(select, {"athlete": ATHLETE}))
        total = db.execute(f"SELECT SUM(s) FROM (SELECT ({DURATION}) AS s FROM (SELECT DISTINCT stage AS name FROM ops_runs))".replace(":stage", "name")).fetchone()[0]
        unnamed = [line for line in page if re.search(r"\d", line) and "fitness of the last 52 weeks" not in line and not looked_up(db, line, PAGE) and " ".join(line.split()) not in told]
        assert unnamed == [line for line in unnamed if re.match(r"  all +\d", line) and line.split()[1] == f"{total:.3f}" or "Its label: " in line or re.match(r"    (?:\d{4}-.* 0 if|auc by|if it is)", line)]


def test_every_text_of_the_page_with_a_number_in_it_was_seen(page):
    said = "\n".join(page)
    script = database.script(ROOT / "sql" / "reports" / "page.sql")
    unseen = {text for each in languages.PART.finditer(script) if each[1] for text in [each[1].replace("''", "'")]
              if re.search(r"%[-+!.0-9*]*[df](?![a-z])", text) and not all(part.strip(" ,") in said for part in re.split(r"%[-+!.0-9*]*[dfs]", text.replace("%%", "%")))}  # fmt: skip
    assert unseen <= ELSEWHERE, unseen - ELSEWHERE


def test_every_number_of_the_report_has_a_name(path, tmp_path):
    done = tool("report", path, tmp_path / "report.html", ATHLETE)
    assert (done.returncode, done.stderr) == (0, "")
    root = ElementTree.fromstring((tmp_path / "report.html").read_text(encoding="utf-8").removeprefix("<!DOCTYPE html>\n"))
    with connect(str(path)) as db:
        pictures = set()
        for section in root.iter("section"):
            heading, words = section.find("h2").text, section.find("p").text
            assert looked_up(db, words, REPORT), words
            for (of, series), (select, within) in PICTURES.items():
                if of == heading:
                    pictures.add((of, series))
                    told = [title.text for title in section.iter("{http://www.w3.org/2000/svg}title") if f", {series}: " in (title.text or "")]
                    rows = [(str(label), value) for label, value in db.execute(select, {"athlete": ATHLETE}) if value or series == "run"]
                    number = lambda text: sum(float(part) * 60**place for place, part in enumerate(reversed(text.split(":"))))
                    found = sorted((each.split(f", {series}: ")[0], number(each.split(": ")[-1])) for each in told)
                    assert (len(rows) > 2 or series.startswith("zone ")) and [label for label, _ in found] == [label for label, _ in sorted(rows)], (heading, series)
                    assert [value for _, value in found] == pytest.approx([value for _, value in sorted(rows)], abs=within)
        assert pictures == set(PICTURES)


def test_the_steps_of_the_report_have_names(path, tmp_path):
    """Of the logarithm of the time: each step is a share of what stands before it."""
    done = tool("report", path, tmp_path / "report.html", ATHLETE)
    assert (done.returncode, done.stderr) == (0, "")
    root = ElementTree.fromstring((tmp_path / "report.html").read_text(encoding="utf-8").removeprefix("<!DOCTYPE html>\n"))
    (section,) = [each for each in root.iter("section") if each.find("h2").text.startswith("Why ")]
    titles = [title.text for title in section.iter("{http://www.w3.org/2000/svg}title")][1:-1]  # without what is all else
    number = lambda text: (-1 if text.startswith("-") else 1) * sum(int(part) * 60**place for place, part in enumerate(reversed(text.lstrip("-").split(":"))))
    told = [number(title.rsplit(": ", 1)[1]) for title in titles]
    with connect(str(path)) as db:
        steps = db.execute("SELECT e.contribution, g.inputs ->> '$.base_ln_s' FROM gold_squad AS s JOIN gold_explanations AS q USING (prediction_id) JOIN gold_athlete_predictions AS g USING (prediction_id)"
                           " CROSS JOIN gbdt_explain(q.reference, q.question) AS e WHERE s.athlete_id = :athlete ORDER BY e.feature IS NOT NULL, abs(e.contribution) DESC, e.feature", {"athlete": ATHLETE}).fetchall()  # fmt: skip
        at, found = math.exp(steps[0][1]), []
        for contribution, _ in steps[: len(told)]:
            found.append(at * math.expm1(contribution))
            at += found[-1]
        assert len(told) == 7 and told == pytest.approx(found, abs=1) and any(abs(step) > 2 for step in told)


def test_every_number_of_the_squad_has_a_name(path):
    done = tool("squad", path)
    (line,) = [line for line in done.stdout.splitlines() if line.startswith(ATHLETE)]
    with connect(str(path)) as db:
        assert looked_up(db, line, [SQUAD]), line
