-- Effects on their way.

-- name: list_claimable(now, limit)
-- Due or left by a worker that died, of integrations for which nothing else is under way.
SELECT id, integration, name, seq, state_seq, status, due_at, attempts, lease_until, intent_at, last_error,
       created_at, ended_at, request
  FROM effects AS e
 WHERE (status = 'pending' AND due_at <= :now
        AND NOT EXISTS (SELECT 1 FROM effects AS r WHERE r.integration = e.integration AND r.status = 'running'))
    OR (status = 'running' AND lease_until < :now)
 ORDER BY due_at LIMIT :limit;

-- name: take_effect(id, now, lease, lease_until)!
UPDATE effects SET status = 'running', lease = :lease, lease_until = :lease_until, attempts = attempts + 1
 WHERE id = :id AND (status = 'pending' OR (status = 'running' AND lease_until < :now));

-- name: postpone_effect(id, lease, due_at, error)!
UPDATE effects SET status = 'pending', lease = '', due_at = :due_at, last_error = :error
 WHERE id = :id AND lease = :lease AND status = 'running';

-- name: release_effect(id, lease)!
UPDATE effects SET status = 'pending', lease = '', attempts = attempts - 1
 WHERE id = :id AND lease = :lease AND status = 'running';

-- name: release_running()!
-- The attempt still counts: it may be what killed the process.
UPDATE effects SET status = 'pending', lease = '' WHERE status = 'running';

-- name: note_intent(id, lease, now)!
UPDATE effects SET intent_at = :now WHERE id = :id AND lease = :lease AND status = 'running' AND intent_at IS NULL;

-- name: note_progress(effect, lease, lease_until)!
-- As keep_alive; the failures before it no longer count, for they did not keep the work from going on.
UPDATE effects SET lease_until = :lease_until, attempts = 1, last_error = ''
 WHERE id = :effect AND lease = :lease AND status = 'running';

-- name: strike_intent(id, lease)!
UPDATE effects SET intent_at = NULL WHERE id = :id AND lease = :lease AND status = 'running';

-- name: find_effect(id)^
SELECT id, integration, name, seq, state_seq, status, due_at, attempts, lease_until, intent_at, last_error,
       created_at, ended_at, request
  FROM effects WHERE id = :id;

-- name: find_next_due()^
SELECT min(moment) FROM (
    SELECT min(due_at) AS moment FROM effects AS e
     WHERE status = 'pending'
       AND NOT EXISTS (SELECT 1 FROM effects AS r WHERE r.integration = e.integration AND r.status = 'running')
    UNION ALL
    SELECT min(lease_until) FROM effects WHERE status = 'running'
) AS moments;

-- name: list_effects(integration, limit)
SELECT id, integration, name, seq, state_seq, status, due_at, attempts, lease_until, intent_at, last_error,
       created_at, ended_at, request
  FROM effects WHERE integration = :integration ORDER BY seq DESC, id DESC LIMIT :limit;

-- name: count_effects_under_way()
SELECT name, status, count(*) FROM effects WHERE status = 'pending' GROUP BY name, status
UNION ALL
SELECT name, status, count(*) FROM effects WHERE status = 'running' GROUP BY name, status;
