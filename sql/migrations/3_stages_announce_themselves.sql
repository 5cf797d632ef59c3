-- Which stage computes from which was a table that 00_ops_tables filled; ops_follows is what the stages announce.
DROP TABLE IF EXISTS ops_dependencies;
DROP VIEW IF EXISTS ops_stale;
