-- The secrets of hooks, and what the target has asked for.

-- name: end_hook_secrets(integration, family, below, field, until)!
-- Every other secret of the door (its fields lie from `family` to `below`) ends, unless it ends before.
INSERT INTO hook_ends (integration, field, until)
SELECT integration, field, :until FROM secrets
 WHERE integration = :integration AND (field = :family OR field >= :family || '.' AND field < :below) AND field <> :field
ON CONFLICT (integration, field) DO UPDATE SET until = excluded.until WHERE excluded.until < hook_ends.until;

-- name: erase_ended_hook_secrets(integration, now)!
-- But for the first one, which came with the birth: a birth that is asked for again has to be the same.
DELETE FROM secrets
 WHERE integration = :integration AND field LIKE '%.%'
   AND field IN (SELECT e.field FROM hook_ends AS e WHERE e.integration = :integration AND e.until <= :now);

-- name: forget_hook_ends(integration)!
-- Of secrets that are not there any more.
DELETE FROM hook_ends
 WHERE integration = :integration AND field NOT IN (SELECT s.field FROM secrets AS s WHERE s.integration = :integration);

-- name: list_hook_ends(integration)
SELECT field, until FROM hook_ends WHERE integration = :integration;

-- name: find_short_hook_secret(shortest)^
-- A sealed value is longer than its content by the same number of bytes, whatever that is.
SELECT integration, field FROM secrets
 WHERE (field IN ('hook_secret', 'source_hook', 'target_hook') OR field LIKE 'hook!_secret.%' ESCAPE '!'
        OR field LIKE 'source!_hook.%' ESCAPE '!' OR field LIKE 'target!_hook.%' ESCAPE '!')
   AND length(blob) < :shortest
 ORDER BY integration LIMIT 1;

-- name: want_record(integration, id, seq)!
INSERT INTO wanted_records (integration, id, seq) VALUES (:integration, :id, :seq)
ON CONFLICT (integration, id) DO UPDATE SET seq = excluded.seq;

-- name: list_wanted_records(integration, through, most)
-- Those that were asked for first.
SELECT id FROM wanted_records WHERE integration = :integration AND seq <= :through ORDER BY seq, id LIMIT :most;

-- name: forget_wanted_records(integration, ids, through)!
-- `ids` is JSON, [id, …]. One that was asked for again meanwhile is wanted again.
DELETE FROM wanted_records WHERE integration = :integration AND seq <= :through
   AND id IN (SELECT r.value FROM json_each(:ids) AS r);
