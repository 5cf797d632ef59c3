-- needs: gold_training_energy
--
-- What a training took is read of the features, whose rows count once. Its stage makes the view anew.
DROP VIEW gold_training_energy;
