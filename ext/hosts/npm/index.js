"use strict";

const fs = require("node:fs");
const path = require("node:path");

const PROJECT = path.join(__dirname, "project");

/** The library's file, for a host that loads it itself; without the ending, as SQLite takes it on every system. */
const extension = path.join(PROJECT, "build", "athlete");

/** The SQL functions into a connection of better-sqlite3 or node:sqlite (opened with allowExtension). SQL can load nothing afterwards. */
function load(db) {
  const isNodes = typeof db.enableLoadExtension === "function";
  if (isNodes) db.enableLoadExtension(true);
  try {
    db.loadExtension(extension);
  } finally {
    if (isNodes) db.enableLoadExtension(false);
  }
  return db;
}

/** What every stage needs besides the athlete's own data: definitions of feature groups and models, the race survey. */
function reference() {
  const found = [...files(path.join(PROJECT, "schemas", "models")), ...files(path.join(PROJECT, "schemas", "features"))];
  const survey = fs.readFileSync(path.join(PROJECT, "sql", "data", "race-times", "runners.csv"), "utf8");
  return [...found.map((file) => [path.basename(file), fs.readFileSync(file, "utf8")]), ["runners.csv", JSON.stringify(objects(survey))]];
}

/** Lands texts (JSON as Strava gives it, an object a line or a list; by the name of where they are from) and runs the stages. */
function run(db, texts = {}) {
  const stages = files(path.join(PROJECT, "sql")).filter((file) => file.endsWith(".sql"));
  const isBefore = (file) => path.basename(file) < "2";
  for (const file of stages.filter(isBefore)) execute(db, file);
  const put = db.prepare("INSERT INTO bronze_inbox (source, body) VALUES (?, ?)");
  for (const [source, body] of [...reference(), ...Object.entries(texts)]) put.run(source, body);
  for (const file of stages) execute(db, file);
}

/** A stage is one transaction; one that fails leaves the database as it was. */
function execute(db, file) {
  try {
    db.exec(fs.readFileSync(file, "utf8"));
  } catch (error) {
    try {
      db.exec("ROLLBACK");
    } catch {
      // it had ended
    }
    throw new Error(`${path.basename(file, ".sql")} failed: ${error.message}`, { cause: error });
  }
}

/** All files below a folder, those of one folder in the order of their names. */
function files(folder) {
  const entries = fs.readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  return entries.flatMap((entry) => (entry.isDirectory() ? files(path.join(folder, entry.name)) : [path.join(folder, entry.name)]));
}

/** The lines of a table without quotes as objects, by the names in the first. */
function objects(csv) {
  const [names, ...lines] = csv.trim().split(/\r?\n/).map((line) => line.split(","));
  return lines.map((values) => Object.fromEntries(names.map((name, i) => [name, values[i]])));
}

module.exports = { extension, load, run };
