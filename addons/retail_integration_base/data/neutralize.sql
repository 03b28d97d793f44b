-- A neutralized copy must neither call out nor listen, whatever its server's configuration says.
UPDATE retail_backend SET environment = 'neutralized', database_uuid = NULL;
-- What the original has still to do is not the copy's to do.
DELETE FROM queue_job WHERE channel LIKE 'root.retail%' AND state IN ('pending', 'enqueued', 'wait_dependencies');
UPDATE retail_drain_group SET is_awake = false, alarm_at = NULL;
