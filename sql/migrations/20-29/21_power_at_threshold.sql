-- needs: athlete_profile_settings
-- FTP is a setting, and a value that cannot be one is refused with a sentence. The triggers dropped here are made anew by their stage.
CREATE TEMP TABLE setting AS SELECT * FROM athlete_profile_settings;
DROP TABLE athlete_profile_settings;
CREATE TABLE athlete_profile_settings (
    athlete_id TEXT NOT NULL,
    setting    TEXT NOT NULL CONSTRAINT "setting is max_hr, resting_hr, threshold_hr, threshold_pace_min_km or ftp_w"
               CHECK (setting IN ('max_hr', 'resting_hr', 'threshold_hr', 'threshold_pace_min_km', 'ftp_w')),
    valid_from TEXT NOT NULL CONSTRAINT "valid_from is a day such as 2024-01-01" CHECK (valid_from IS date(valid_from, '+0 days')),
    value      REAL NOT NULL,
    CONSTRAINT "value is 20 to 250 bpm, 2 to 20 min/km or 20 to 1000 W"
    CHECK (typeof(value) = 'real' AND value BETWEEN CASE setting WHEN 'threshold_pace_min_km' THEN 2 ELSE 20 END
                                                AND CASE setting WHEN 'threshold_pace_min_km' THEN 20 WHEN 'ftp_w' THEN 1000 ELSE 250 END),
    PRIMARY KEY (athlete_id, setting, valid_from)
) WITHOUT ROWID;
-- A day that no calendar has was taken before: it is the one that it comes to, as 2024-02-30 is 2024-03-01.
INSERT OR IGNORE INTO athlete_profile_settings
SELECT athlete_id, setting, date(valid_from, '+0 days'), value FROM temp.setting ORDER BY valid_from IS NOT date(valid_from, '+0 days');
DROP TABLE temp.setting;
