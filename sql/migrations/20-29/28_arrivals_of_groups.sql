-- ops_config's arrivals concerns every group: the triggers that take single rows are made anew, as after each migration. Who breaks
-- if a feature goes includes what asks for its group by a version; the view comes back with its stage.
DROP VIEW IF EXISTS feature_dependents;
