-- needs: ops_config
--
-- A new sensor of one athlete moved three features of sixteen 2.9 times as far as their own windows do, and nobody was told: two times
-- as far does not happen by chance. One who has set another limit keeps it.
UPDATE ops_config SET value = 2 WHERE name = 'drift_alert_ratio' AND value = 3;
