-- Which records were sent lately, and which were refused.

-- name: list_sent_among(integration, object, ids)
-- `ids` is JSON, [id, …].
SELECT id, stamp FROM sent_records
 WHERE integration = :integration AND object = :object
   AND id IN (SELECT r.value FROM json_each(:ids) AS r);

-- name: list_refused_among(integration, object, ids)
SELECT id FROM refused_records
 WHERE integration = :integration AND object = :object
   AND id IN (SELECT r.value FROM json_each(:ids) AS r);

-- name: list_refused(integration, limit)
-- The latest first.
SELECT object, id, reason, at FROM refused_records WHERE integration = :integration ORDER BY at DESC, id LIMIT :limit;
