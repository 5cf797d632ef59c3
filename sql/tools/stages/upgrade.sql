      UNION ALL -- everyone, for a version that has not been published
      SELECT w.athlete_id, w.position, ''
      FROM feature_upgrades AS g
      CROSS JOIN ops_upstreams AS d ON d.stage = {stage}
      CROSS JOIN ops_watermarks AS w ON w.stage = d.upstream
      WHERE g.table_name = '{table}' AND g.earlier IS NOT NULL