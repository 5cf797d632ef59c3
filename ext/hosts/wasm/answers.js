"use strict";
/* What the page asks of a database; in a worker, or in Node for the tests. */

const LIMIT = 1000; // rows that are shown

// Of stages, or in a file that has none of its tables: then there is nothing to choose from.
const ATHLETES = `SELECT athlete_id, COUNT(*) AS n FROM silver_strava_activities GROUP BY athlete_id ORDER BY n DESC, athlete_id`;
const MODELS = `SELECT v.model, v.version, v.reason, v.training_rows, v.trained_at, EXISTS (SELECT 1 FROM ml_aliases AS a
                       WHERE (a.model, a.version, a.alias) = (v.model, v.version, 'champion')) AS is_champion
                FROM ml_model_versions AS v WHERE json_type(v.model_json, '$.learner') IS NOT NULL ORDER BY v.model, v.version DESC`;
const TABLES = `SELECT name, type, (SELECT group_concat(name, ', ') FROM pragma_table_info(s.name)) AS columns FROM sqlite_schema AS s
                WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite^_%' ESCAPE '^' ORDER BY name`;
const FUNCTIONS = "SELECT name, domain, kind, signature, summary, returns, example FROM athlete_functions";
// The features of what a model has foretold lately, newest first.
const FORETOLD = `SELECT prediction_date || ' ' || entity || ' ' || item AS label, predicted, features AS given FROM inference_log WHERE (model, version) = (?1, ?2)
                  UNION ALL
                  SELECT prediction_date || ' ' || athlete_id || ' ' || distance_class, predicted_s, inputs FROM gold_athlete_predictions WHERE (model, version) = (?1, ?2)
                  ORDER BY 1 DESC LIMIT 200`;
const WATERFALL = `SELECT svg_waterfall(json_object('title', ?1, 'start', ?2, 'decimals', 3, 'desc', 'How each feature moves the model from its mean to this prediction.'), label, contribution)
                   FROM (SELECT 0 AS place, step, label, contribution FROM temp.parts WHERE step <= 9
                         UNION ALL SELECT 1, 0, 'all else', total(contribution) FROM temp.parts WHERE step > 9 ORDER BY 1, 2)`;

class Answers {
  constructor(sqlite, bytes, report) {
    this.db = new Database(sqlite, bytes);
    this.report_sql = report;
  }

  /** All that the page lists. */
  about() {
    const has = new Set(this.db.all("SELECT name FROM sqlite_schema").rows.flat());
    const listed = (sql, ...needs) => (needs.every((name) => has.has(name)) ? this.db.objects(sql) : []);
    return {
      version: this.db.all("SELECT athlete_version()").rows[0][0],
      functions: this.db.objects(FUNCTIONS),
      tables: this.db.objects(TABLES),
      athletes: listed(ATHLETES, "silver_strava_activities"),
      models: listed(MODELS, "ml_model_versions", "ml_aliases"),
    };
  }

  select(sql) {
    return this.db.script(sql, [], LIMIT).findLast((found) => found.columns.length > 0) ?? { columns: [], rows: [], more: false };
  }

  /** Sections of the report of an athlete: heading, words, picture. */
  report(athlete) {
    return this.undone(() => {
      this.db.all("CREATE TEMP TABLE report AS SELECT CAST(? AS TEXT) AS athlete_id", [athlete]);
      return this.db.script(this.report_sql).flatMap((found) => found.rows);
    });
  }

  /** A model's features and what it has foretold, to choose from. */
  model(model, version) {
    const [[text, specification]] = this.db.all("SELECT model_json, specification FROM ml_model_versions WHERE (model, version) = (?, ?)", [model, version]).rows;
    const has = new Set(this.db.all("SELECT name FROM sqlite_schema").rows.flat());
    const foretold = has.has("inference_log") && has.has("gold_athlete_predictions") ? this.db.objects(FORETOLD, [model, version]) : [];
    const rows = foretold.map(({ label, predicted, given }) => ({ label, predicted, given: JSON.parse(given) }));
    const { label, base, prediction } = JSON.parse(specification);
    return { features: JSON.parse(text).learner.feature_names, foretold: rows, label, base, prediction };
  }

  /** What a model says of one row of values, and why: {predictions, one for each class, start, parts, picture}. */
  explain(model, version, features, values) {
    return this.undone(() => {
      const { db } = this;
      db.all(`CREATE TEMP TABLE asked (key INTEGER PRIMARY KEY, ${features.map(quoted).join(", ")})`);
      db.all(`INSERT INTO temp.asked VALUES (1${", ?".repeat(features.length)})`, values);
      db.all("CREATE TEMP TABLE of_model AS SELECT model_json FROM ml_model_versions WHERE (model, version) = (?, ?)", [model, version]);
      const predictions = db.all("SELECT s.value FROM temp.of_model AS m JOIN gbdt_score(m.model_json, 'SELECT * FROM temp.asked') AS s ORDER BY s.class").rows.flat();
      db.all(`CREATE TEMP TABLE parts AS SELECT feature AS label, value, contribution, ROW_NUMBER() OVER (ORDER BY feature IS NULL DESC, abs(contribution) DESC, feature) - 1 AS step
              FROM temp.of_model AS m JOIN gbdt_explain(m.model_json, 'SELECT * FROM temp.asked') WHERE COALESCE(output, 0) = 0`);
      const [[start]] = db.all("SELECT contribution FROM temp.parts WHERE step = 0").rows;
      db.all("DELETE FROM temp.parts WHERE step = 0");
      const [[picture]] = db.all(WATERFALL, [`${model}, version ${version}`, start]).rows;
      return { predictions, start, parts: db.objects("SELECT label, value, contribution FROM temp.parts ORDER BY step"), picture };
    });
  }

  /** What a question leaves behind is undone. */
  undone(ask) {
    this.db.all("SAVEPOINT asked");
    try {
      return ask();
    } finally {
      this.db.script("ROLLBACK TO asked; RELEASE asked");
    }
  }
}

if (typeof module === "object") module.exports = { Answers };
