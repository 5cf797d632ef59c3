"use strict";
/* What digest.c does, of the build for WebAssembly, whose engine.js and engine.wasm are in the folder named first:

       node digest.cjs <folder> <file of SQL statements> [<database>] */

const fs = require("node:fs"), path = require("node:path"), { createHash } = require("node:crypto");
const { Database } = require("../../../ext/hosts/wasm/database.js");

const [folder, script, file] = process.argv.slice(2);

/** A value as its type and bytes, a number as its 64 bits, the low byte first. */
class Bytes extends Database {
  value(statement, i) {
    const { sqlite } = this, type = sqlite._sqlite3_column_type(statement, i), found = Buffer.alloc(type < 3 ? 9 : 1);
    found[0] = type;
    if (type === 1) found.writeBigInt64LE(BigInt(this.text(statement, i)), 1);
    if (type === 2) found.writeDoubleLE(sqlite._sqlite3_column_double(statement, i), 1);
    return type < 3 || type === 5 ? found : Buffer.concat([found, this.raw(statement, i)]);
  }

  raw(statement, i) {
    const at = this.sqlite._sqlite3_column_blob(statement, i);
    return Buffer.from(this.sqlite.HEAPU8.slice(at, at + this.sqlite._sqlite3_column_bytes(statement, i)));
  }

  text(statement, i) {
    this.sqlite._sqlite3_column_text(statement, i);
    return this.raw(statement, i).toString();
  }
}

async function main() {
  const sqlite = await require(path.resolve(folder, "engine.js"))({ wasmBinary: fs.readFileSync(path.join(folder, "engine.wasm")) });
  const db = new Bytes(sqlite, file && fs.existsSync(file) ? fs.readFileSync(file) : new Uint8Array());
  db.all("PRAGMA trusted_schema = 1"); // the file is ours, and its triggers write JSON
  for (const { rows } of db.script(fs.readFileSync(script, "utf8"))) {
    for (const [name, ...values] of rows) console.log(`${createHash("sha256").update(Buffer.concat(values)).digest("hex")}  ${name[0] === 5 ? "NULL" : name.subarray(1)}`);
  }
  if (file) fs.writeFileSync(file, db.bytes());
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
