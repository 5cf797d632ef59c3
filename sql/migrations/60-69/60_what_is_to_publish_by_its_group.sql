-- needs: feature_groups
--
-- What a stage has yet to publish is found by its group: the news of all stages were read for each.
DROP VIEW IF EXISTS feature_upgrades;
DROP VIEW IF EXISTS feature_news;
