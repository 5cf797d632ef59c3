
DELETE FROM ops_due WHERE stage = {stage};
