-- The view of predictions tells their intervals, too. It is made anew by its stage.
DROP VIEW IF EXISTS gold_model_predictions;
