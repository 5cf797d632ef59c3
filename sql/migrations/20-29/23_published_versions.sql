-- needs: feature_groups, ops_stages
-- What lookups of a version find of the groups that stages compute: until now all versions had the same rows. In the order of the
-- stages, since what is published later is computed from what was published before.
CREATE TABLE IF NOT EXISTS feature_publications (
    publication_id INTEGER PRIMARY KEY,
    group_name     TEXT NOT NULL,
    major          INTEGER NOT NULL,
    minor          INTEGER NOT NULL,
    patch          INTEGER NOT NULL,
    build          INTEGER NOT NULL,
    is_new         INTEGER NOT NULL CHECK (is_new IN (0, 1)),
    published_at   TEXT NOT NULL
);
INSERT INTO feature_publications (group_name, major, minor, patch, build, is_new, published_at)
SELECT g.name, g.major, g.minor, g.patch, 1,
       NOT EXISTS (SELECT 1 FROM feature_groups AS b WHERE b.name = g.name AND b.status <> 'draft' AND (b.major, b.minor, b.patch) < (g.major, g.minor, g.patch)),
       strftime('%Y-%m-%dT%H:%M:%SZ', 'now')
FROM feature_groups AS g
JOIN (SELECT p.value AS product, MIN(s.stage) AS stage FROM ops_stages AS s, json_each(s.products) AS p GROUP BY p.value) AS s ON s.product = g.table_name
WHERE g.status <> 'draft' AND EXISTS (SELECT 1 FROM json_each(g.definition) WHERE key = 'stage' OR key = 'computed' AND value)
  AND NOT EXISTS (SELECT 1 FROM feature_publications AS p WHERE p.group_name = g.name)
ORDER BY s.stage, g.major, g.minor, g.patch;
