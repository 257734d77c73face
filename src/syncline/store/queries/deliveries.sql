-- What subscriptions are sent.

-- name: list_announced(after, through, most)
-- Rows that have led from one state to another; only of these is anybody told.
SELECT position, content FROM audit
 WHERE position > :after AND position <= :through AND disposition = 'transitioned' AND integration <> 'service'
 ORDER BY position LIMIT :most;

-- name: add_deliveries(subscription, sequence, integration, seq, type, body, now)*!
INSERT INTO deliveries (subscription, sequence, integration, seq, type, body, status, created_at, due_at)
VALUES (:subscription, :sequence, :integration, :seq, :type, :body, 'waiting', :now, :now);

-- name: list_due_deliveries(subscription, now, most)
-- The oldest first. An integration of which one was put off waits with all that came behind.
SELECT id, sequence, integration, type, body, first_at, failures, tries FROM deliveries
 WHERE subscription = :subscription AND status = 'waiting'
   AND integration NOT IN (SELECT d.integration FROM deliveries AS d
                            WHERE d.subscription = :subscription AND d.status = 'waiting' AND d.due_at > :now)
 ORDER BY id LIMIT :most;

-- name: find_next_delivery_due(subscription, now)^
SELECT min(due_at) FROM deliveries WHERE subscription = :subscription AND status = 'waiting' AND due_at > :now;

-- name: settle_delivery(id, status, due_at, first_at, failures, tries, ended_at)!
UPDATE deliveries
   SET status = :status, due_at = :due_at, first_at = :first_at, failures = :failures, tries = :tries,
       ended_at = :ended_at
 WHERE id = :id AND status = 'waiting';

-- name: list_deliveries(subscription, status, before, most)
SELECT sequence, integration, seq, type, body, status, created_at, due_at, tries, ended_at FROM deliveries
 WHERE subscription = :subscription AND sequence < :before AND (:status = '' OR status = :status)
 ORDER BY sequence DESC LIMIT :most;

-- name: list_dead_sequences(subscription, most)
SELECT sequence FROM deliveries WHERE subscription = :subscription AND status = 'dead' ORDER BY sequence LIMIT :most;

-- name: count_dead_deliveries(subscription)^
SELECT count(*) FROM deliveries WHERE subscription = :subscription AND status = 'dead';

-- name: count_ended_deliveries(subscription, sequences)^
SELECT count(*) FROM deliveries
 WHERE subscription = :subscription AND status <> 'waiting' AND sequence IN (SELECT value FROM json_each(:sequences));

-- name: replay_deliveries(subscription, sequences, now)!
-- As if they had never been tried, but for what is known of the tries.
UPDATE deliveries SET status = 'waiting', due_at = :now, first_at = 0, failures = 0, ended_at = NULL
 WHERE subscription = :subscription AND status <> 'waiting' AND sequence IN (SELECT value FROM json_each(:sequences));

-- name: forget_old_deliveries(before, most)!
DELETE FROM deliveries
 WHERE id IN (SELECT id FROM deliveries WHERE status <> 'waiting' AND ended_at < :before ORDER BY ended_at LIMIT :most);

-- name: forget_orphaned_deliveries(most)!
-- Of subscriptions that were ended.
DELETE FROM deliveries
 WHERE id IN (SELECT id FROM deliveries WHERE subscription NOT IN (SELECT s.id FROM subscriptions AS s) LIMIT :most);

-- name: find_deliveries_size()^
-- In bytes, about: a row without its body and its tries counts 200.
SELECT coalesce(sum(length(body) + length(tries) + 200), 0), count(*) FROM deliveries WHERE status <> 'waiting';

-- name: forget_oldest_deliveries(most)!
DELETE FROM deliveries
 WHERE id IN (SELECT id FROM deliveries WHERE status <> 'waiting' ORDER BY ended_at LIMIT :most);
