/** A connection of better-sqlite3, or of node:sqlite opened with { allowExtension: true }. */
export interface Connection {
  exec(sql: string): unknown;
  prepare(sql: string): { run(...values: unknown[]): unknown };
  loadExtension(path: string): unknown;
}

/** The library's file, for a host that loads it itself. */
export const extension: string;

/** The SQL functions into a connection. */
export function load<C extends Connection>(db: C): C;

/** Lands texts, by the name of where they are from, and runs the stages. */
export function run(db: Connection, texts?: Record<string, string>): void;
