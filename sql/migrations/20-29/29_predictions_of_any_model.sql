-- The view counted predictions of races alone, and none of a model by definition. It is made anew by its stage.
DROP VIEW IF EXISTS feature_dependents;
