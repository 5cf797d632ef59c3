-- needs: ops_config
--
-- Form is called overloaded below the setting under which no workout is recommended. The stages make the view anew.
DROP VIEW IF EXISTS gold_form_zones;
