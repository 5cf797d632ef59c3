"use strict";

const INTEGER = 1, REAL = 2, BLOB = 4, NULL = 5;
const ROW = 100, DONE = 101;
const FOREVER = -1; // SQLITE_TRANSIENT: SQLite keeps a copy of what is bound

/** A database in memory, of the bytes of a file; `sqlite` is what makeSqlite() promises. */
class Database {
  constructor(sqlite, bytes) {
    this.sqlite = sqlite;
    const given = this.put(bytes), message = sqlite._malloc(4);
    this.handle = sqlite._bridge_open(given, bytes.length, message);
    const told = sqlite.getValue(message, "*"), sentence = sqlite.UTF8ToString(told);
    for (const free of [given, message]) sqlite._free(free);
    sqlite._sqlite3_free(told);
    if (!this.handle) throw new Error(sentence);
  }

  /** The rows of one statement as {columns, rows, more}; at most `limit`, and whether there are more. */
  all(sql, values = [], limit = Infinity) {
    return this.script(sql, values, limit)[0] ?? { columns: [], rows: [], more: false };
  }

  /** Rows as objects. */
  objects(sql, values = []) {
    const { columns, rows } = this.all(sql, values);
    return rows.map((row) => Object.fromEntries(columns.map((name, i) => [name, row[i]])));
  }

  /** The results of all statements of a text, in which the same values are bound. */
  script(sql, values = [], limit = Infinity) {
    const { sqlite } = this, text = this.put(new TextEncoder().encode(sql + "\0")), out = sqlite._malloc(8), found = [];
    try {
      for (let at = text; sqlite.getValue(at, "i8") !== 0; at = sqlite.getValue(out + 4, "*")) {
        this.check(sqlite._sqlite3_prepare_v2(this.handle, at, -1, out, out + 4));
        const statement = sqlite.getValue(out, "*");
        if (statement) found.push(this.rows(statement, values, limit));
      }
    } finally {
      sqlite._free(text);
      sqlite._free(out);
    }
    return found;
  }

  rows(statement, values, limit) {
    const { sqlite } = this, rows = [];
    try {
      values.slice(0, sqlite._sqlite3_bind_parameter_count(statement)).forEach((value, i) => this.bind(statement, i + 1, value));
      const columns = Array.from({ length: sqlite._sqlite3_column_count(statement) }, (_, i) => sqlite.UTF8ToString(sqlite._sqlite3_column_name(statement, i)));
      let code;
      while ((code = sqlite._sqlite3_step(statement)) === ROW && rows.length < limit) rows.push(columns.map((_, i) => this.value(statement, i)));
      if (code !== ROW && code !== DONE) this.check(code);
      return { columns, rows, more: code === ROW };
    } finally {
      sqlite._sqlite3_finalize(statement);
    }
  }

  value(statement, i) {
    const { sqlite } = this, type = sqlite._sqlite3_column_type(statement, i);
    if (type === NULL) return null;
    if (type === REAL) return sqlite._sqlite3_column_double(statement, i);
    const number = type === INTEGER ? sqlite._sqlite3_column_double(statement, i) : NaN;
    if (Number.isSafeInteger(number)) return number;
    const at = type === BLOB ? sqlite._sqlite3_column_blob(statement, i) : sqlite._sqlite3_column_text(statement, i);
    const bytes = sqlite.HEAPU8.slice(at, at + sqlite._sqlite3_column_bytes(statement, i));
    if (type === BLOB) return bytes;
    const text = new TextDecoder().decode(bytes);
    return type === INTEGER ? BigInt(text) : text;
  }

  bind(statement, i, value) {
    const { sqlite } = this;
    if (value === null || value === undefined) return this.check(sqlite._sqlite3_bind_null(statement, i));
    if (Number.isSafeInteger(value)) return this.check(sqlite._bridge_bind_integer(statement, i, value));
    if (typeof value === "number") return this.check(sqlite._sqlite3_bind_double(statement, i, value));
    const bytes = value instanceof Uint8Array ? value : new TextEncoder().encode(String(value)), given = this.put(bytes);
    const bind = value instanceof Uint8Array ? sqlite._sqlite3_bind_blob : sqlite._sqlite3_bind_text;
    const code = bind(statement, i, given, bytes.length, FOREVER);
    sqlite._free(given);
    return this.check(code);
  }

  /** The database as the bytes of a file. */
  bytes() {
    const { sqlite } = this, size = sqlite._malloc(4), at = sqlite._bridge_bytes(this.handle, size);
    const bytes = sqlite.HEAPU8.slice(at, at + sqlite.getValue(size, "i32"));
    sqlite._free(size);
    sqlite._sqlite3_free(at);
    return bytes;
  }

  close() {
    this.check(this.sqlite._sqlite3_close(this.handle));
  }

  put(bytes) {
    const at = this.sqlite._malloc(bytes.length || 1);
    if (!at) throw new Error(`there is no memory for ${bytes.length} bytes`);
    this.sqlite.HEAPU8.set(bytes, at);
    return at;
  }

  check(code) {
    if (code !== 0) throw new Error(this.sqlite.UTF8ToString(this.sqlite._sqlite3_errmsg(this.handle)));
  }
}

/** A name as an identifier of SQL. */
const quoted = (name) => `"${name.replaceAll('"', '""')}"`;

if (typeof module === "object") module.exports = { Database, quoted };
