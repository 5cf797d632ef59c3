-- answer: columns, from features by group_name, major, minor, patch, name
SELECT f.group_name, f.major, f.minor, f.patch, f.name, f.type, f.unit, f.description, f.transformation, f.rules, f.comes_from, f.owner, f.status, g.stage, g.description AS group_description
FROM features_current AS f JOIN feature_groups_current AS g ON g.name = f.group_name
WHERE f.name = :name OR f.group_name || '.' || f.name = :name ORDER BY f.group_name;

-- answer: comes_from, from feature_lineage_paths by from_kind, from_name, to_kind, to_name
SELECT from_kind, from_name, to_kind, to_name, distance FROM feature_lineage_paths
WHERE to_kind = 'column' AND (to_name = :name OR to_name IN (SELECT f.group_name || '.' || f.name FROM features_current AS f WHERE f.name = :name))
ORDER BY distance, from_name LIMIT 40;
