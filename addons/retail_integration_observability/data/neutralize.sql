-- The secret that opens the original's metrics must not open a copy's.
UPDATE retail_metrics_token SET hash = NULL, revoked_at = COALESCE(revoked_at, now() AT TIME ZONE 'UTC');
