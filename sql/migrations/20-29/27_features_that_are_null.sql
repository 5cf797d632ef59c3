-- needs: ml_models
--
-- A feature may be null, as the ratio where too little load is known: a model takes it as missing. The trigger is made anew by its stage.
DROP TRIGGER IF EXISTS ml_models_keep;
UPDATE ml_models
SET columns_sql = replace(replace(columns_sql, 'exact_real(s.row -> ''', 'exact_real(nullif(s.row -> '''), ''') AS "', ''', ''null'')) AS "')
WHERE instr(columns_sql, 'exact_real(s.row -> ''');
