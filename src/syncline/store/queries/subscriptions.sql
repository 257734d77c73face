-- Subscriptions, and how each is doing.

-- name: list_subscriptions()
SELECT id, version, name, integration, types, origin, fingerprint, enabled, reason, keys, created_at, changed_at,
       scanned, sequence, waiting, failures, hold_until, failing_since, failed_at, delivered_at
  FROM subscriptions ORDER BY created_at, id;

-- name: find_subscription(id)^
SELECT id, version, name, integration, types, origin, fingerprint, enabled, reason, keys, created_at, changed_at,
       scanned, sequence, waiting, failures, hold_until, failing_since, failed_at, delivered_at
  FROM subscriptions WHERE id = :id;

-- name: count_subscriptions()^
SELECT count(*) FROM subscriptions;

-- name: add_subscription(id, name, integration, types, origin, fingerprint, enabled, reason, keys, now)!
-- It is told of what happens from now on.
INSERT INTO subscriptions (id, version, name, integration, types, origin, fingerprint, enabled, reason, keys,
                           created_at, changed_at, scanned)
VALUES (:id, 1, :name, :integration, :types, :origin, :fingerprint, :enabled, :reason, :keys, :now, :now,
        (SELECT coalesce(max(position), 0) FROM audit));

-- name: change_subscription(id, version, name, integration, types, origin, fingerprint, enabled, reason, keys, now)!
-- What was failing begins anew: whoever changes something has seen to it.
UPDATE subscriptions
   SET version = :version, name = :name, integration = :integration, types = :types, origin = :origin,
       fingerprint = :fingerprint, enabled = :enabled, reason = :reason, keys = :keys, changed_at = :now,
       failures = 0, hold_until = 0, failing_since = NULL, failed_at = NULL
 WHERE id = :id AND version = :version - 1;

-- name: end_subscription(id)!
DELETE FROM subscriptions WHERE id = :id;

-- name: advance_subscription(id, before, sequence, scanned, added)!
-- Only from where it was read: nothing is turned into a delivery twice.
UPDATE subscriptions SET scanned = :scanned, sequence = sequence + :added, waiting = waiting + :added
 WHERE id = :id AND scanned = :before AND sequence = :sequence;

-- name: note_standing(id, ended, failures, hold_until, failing_since, failed_at, delivered_at)!
UPDATE subscriptions
   SET waiting = waiting - :ended, failures = :failures, hold_until = :hold_until, failing_since = :failing_since,
       failed_at = :failed_at, delivered_at = coalesce(:delivered_at, delivered_at)
 WHERE id = :id;

-- name: add_waiting(id, added)!
UPDATE subscriptions SET waiting = waiting + :added WHERE id = :id;

-- name: find_least_scanned()^
-- Up to where the log has been turned into deliveries for every subscription that is on.
SELECT min(scanned) FROM subscriptions WHERE enabled = 1;
