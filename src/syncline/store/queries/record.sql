-- The statements of one event's transaction.

-- name: find_snapshot(integration)^
-- What the decision needs to know of an integration.
SELECT state, seq, state_seq, state_since, context, head FROM integrations WHERE id = :integration;

-- name: find_owner(integration, key)^
-- The first event that came with this key.
SELECT seq, digest, disposition, origin, target FROM audit
 WHERE integration = :integration AND key = :key AND owns_key = 1;

-- name: add_integration(id, name, state, since, context, chart)!
-- An integration before its first audit row.
INSERT INTO integrations (id, name, state, seq, state_seq, state_since, context, chart, head, created_at)
VALUES (:id, :name, :state, 0, 0, :since, :context, :chart, x'0000000000000000000000000000000000000000000000000000000000000000', :since);

-- name: add_audit_rows(integration, seq, at, type, key, owns_key, digest, disposition, origin, target, content, hash)*!
-- Rows of the log, but none whose key belongs to an earlier one.
INSERT INTO audit (integration, seq, at, type, key, owns_key, digest, disposition, origin, target, content, hash)
VALUES (:integration, :seq, :at, :type, :key, :owns_key, :digest, :disposition, :origin, :target, :content, :hash)
ON CONFLICT (key, integration) WHERE owns_key = 1 DO NOTHING;

-- name: advance_heads(integration, old_seq, seq, head)*!
-- The heads of the chains move, the states stay; the version is the fence.
UPDATE integrations SET seq = moved.column3, head = moved.column4
  FROM (VALUES (:integration, :old_seq, :seq, :head)) AS moved
 WHERE id = moved.column1 AND seq = moved.column2;

-- name: move(integration, old_seq, seq, head, state, state_seq, since, context, chart)!
-- The state or the memory changes; the version is the fence.
UPDATE integrations
   SET seq = :seq, head = :head, state = :state, state_seq = :state_seq, state_since = :since,
       context = :context, chart = :chart
 WHERE id = :integration AND seq = :old_seq;

-- name: add_effect(id, integration, name, seq, state_seq, due_at, created_at, request)!
-- An effect to be run after the commit.
INSERT INTO effects (id, integration, name, seq, state_seq, status, due_at, created_at, request)
VALUES (:id, :integration, :name, :seq, :state_seq, 'pending', :due_at, :created_at, :request);

-- name: cancel_left_effects(integration, state_seq, now)!
-- Effects of a state that was left and that nobody has begun.
UPDATE effects SET status = 'cancelled', ended_at = :now
 WHERE integration = :integration AND status = 'pending' AND state_seq <> :state_seq;

-- name: find_document(integration, name)^
-- The document that another takes the place of.
SELECT body FROM documents WHERE integration = :integration AND name = :name;

-- name: find_fingerprint(integration, field)^
-- What may be seen of the secret that another takes the place of.
SELECT fingerprint FROM secrets WHERE integration = :integration AND field = :field;

-- name: keep_document(integration, name, body, seq)!
-- A document takes the place of the one before it.
INSERT INTO documents (integration, name, body, seq) VALUES (:integration, :name, :body, :seq)
ON CONFLICT (integration, name) DO UPDATE SET body = excluded.body, seq = excluded.seq;

-- name: keep_data_key(integration, blob, key_id)!
-- The wrapped data key of an integration.
INSERT INTO data_keys (integration, blob, key_id) VALUES (:integration, :blob, :key_id)
ON CONFLICT (integration) DO UPDATE SET blob = excluded.blob, key_id = excluded.key_id;

-- name: exchange_data_key(integration, blob, key_id, replaces)!
-- The same data key, wrapped anew; only in the place of the wrapping that it was made from.
UPDATE data_keys SET blob = :blob, key_id = :key_id WHERE integration = :integration AND blob = :replaces;

-- name: keep_secret(integration, field, blob, key_id, fingerprint, seq, at)!
-- A sealed secret takes the place of the one before it.
INSERT INTO secrets (integration, field, blob, key_id, fingerprint, seq, at)
VALUES (:integration, :field, :blob, :key_id, :fingerprint, :seq, :at)
ON CONFLICT (integration, field) DO UPDATE
   SET blob = excluded.blob, key_id = excluded.key_id, fingerprint = excluded.fingerprint,
       seq = excluded.seq, at = excluded.at;

-- name: erase_secret(integration, field)!
DELETE FROM secrets WHERE integration = :integration AND field = :field;

-- name: erase_secrets(integration)!
DELETE FROM secrets WHERE integration = :integration;

-- name: erase_data_key(integration)!
-- Without it no sealed value of the integration can ever be opened again, also not from an old copy of the file.
DELETE FROM data_keys WHERE integration = :integration;

-- name: add_login_attempt(state_hash, integration, browser_hash, verifier, key_id, fingerprint, created_at, expires_at)!
INSERT INTO login_attempts (state_hash, integration, browser_hash, verifier, key_id, fingerprint, created_at, expires_at)
VALUES (:state_hash, :integration, :browser_hash, :verifier, :key_id, :fingerprint, :created_at, :expires_at);

-- name: spend_login_attempt(state_hash, integration, now)!
-- One event wins; the verifier goes with it.
UPDATE login_attempts SET consumed_at = :now, verifier = x''
 WHERE state_hash = :state_hash AND integration = :integration AND consumed_at IS NULL AND expires_at > :now;

-- name: forget_login_attempts(integration)!
-- Verifiers of attempts that can no longer succeed.
DELETE FROM login_attempts WHERE integration = :integration;

-- name: settle_effect(effect, lease, now)!
-- Only while the lease is still ours.
UPDATE effects SET status = 'done', ended_at = :now, lease = '' WHERE id = :effect AND lease = :lease AND status = 'running';

-- name: bury_effect(effect, lease, now)!
-- A dead letter keeps its last error.
UPDATE effects SET status = 'dead', ended_at = :now, lease = '' WHERE id = :effect AND lease = :lease AND status = 'running';

-- name: keep_alive(effect, lease, lease_until)!
UPDATE effects SET lease_until = :lease_until WHERE id = :effect AND lease = :lease AND status = 'running';

-- name: keep_sent(integration, object, rows)!
-- Many at once: `rows` is JSON, [[id, stamp], …].
INSERT INTO sent_records (integration, object, id, stamp)
SELECT :integration, :object, r.value ->> 0, r.value ->> 1 FROM json_each(:rows) AS r WHERE true
ON CONFLICT (integration, object, id) DO UPDATE SET stamp = excluded.stamp;

-- name: forget_sent(integration, object, before)!
DELETE FROM sent_records WHERE integration = :integration AND object = :object AND stamp < :before;

-- name: keep_refused(integration, object, rows, at)!
-- Many at once: `rows` is JSON, [[id, reason], …].
INSERT INTO refused_records (integration, object, id, reason, at)
SELECT :integration, :object, r.value ->> 0, r.value ->> 1, :at FROM json_each(:rows) AS r WHERE true
ON CONFLICT (integration, object, id) DO UPDATE SET reason = excluded.reason, at = excluded.at;

-- name: forget_refused(integration, object, ids)!
-- Those that were accepted since: `ids` is JSON, [id, …].
DELETE FROM refused_records WHERE integration = :integration AND object = :object
   AND id IN (SELECT r.value FROM json_each(:ids) AS r);

-- name: forget_everything_sent(integration)!
DELETE FROM sent_records WHERE integration = :integration;
