// Runs SQL over a database with a SQLite of JavaScript: see under_sqlite.py.
//
//     node under_sqlite.cjs better-sqlite3|node:sqlite athlete.db build/athlete.so steps.json
const fs = require('node:fs');

const [kind, path, extension, steps] = process.argv.slice(2);
const db = kind === 'node:sqlite' ? new (require('node:sqlite').DatabaseSync)(path, { allowExtension: true })
                                  : new (require('better-sqlite3'))(path);
db.loadExtension(extension);

// An answer as a list of lists; a statement without one is run to its end.
function run(sql, values) {
    const statement = db.prepare(sql);
    if (kind === 'better-sqlite3' && !statement.reader) {
        statement.run(...values);
        return [];
    }
    return statement.all(...values).map(Object.values);
}

let rows = [];
for (const [what, sql, ...values] of JSON.parse(fs.readFileSync(steps, 'utf8'))) {
    rows = run(sql, values);
    if (what === 'script') for (const [script] of rows) db.exec(script);
}
const [[version]] = run('SELECT sqlite_version()', []);
db.close();
console.log(JSON.stringify({ version, rows }));
