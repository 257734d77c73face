-- What a row of the log led to, and what led to it.

-- name: list_effects_of(integration, seq)
SELECT id, name, status, attempts, last_error, created_at, ended_at
  FROM effects WHERE integration = :integration AND seq = :seq ORDER BY id;

-- name: find_last_of_effect(integration, low, high)^
-- The keys of an effect's events begin with its id; they are few, but for a long run that tells of its progress. What
-- is done to `integration` and `seq` keeps the database from reading the whole log of the integration instead.
SELECT seq, at, type FROM audit
 WHERE owns_key = 1 AND key >= :low AND key < :high AND integration || '' = :integration
 ORDER BY seq + 0 DESC LIMIT 1;
