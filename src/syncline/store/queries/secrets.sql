-- What is read of sealed secrets and login attempts.

-- name: find_data_key(integration)^
SELECT blob, key_id FROM data_keys WHERE integration = :integration;

-- name: list_master_keys()
-- The keys that data keys and the keys of subjects are wrapped by.
SELECT key_id FROM data_keys UNION SELECT key_id FROM subjects WHERE erased_at IS NULL;

-- name: count_data_keys()
-- How many data keys each master key wraps.
SELECT key_id, COUNT(*) FROM data_keys GROUP BY key_id ORDER BY key_id;

-- name: list_data_keys_but(key_id, after, most)
-- Those that another master key wraps, a page at a time.
SELECT integration, blob, key_id FROM data_keys
 WHERE key_id <> :key_id AND integration > :after ORDER BY integration LIMIT :most;

-- name: list_old_grants(before, most)
-- Those that can be refreshed and were not for long, the oldest first. Where a grant is lost or given back its tokens
-- lie about for a while, and are nothing to be looked after.
SELECT access.integration FROM secrets AS access
  JOIN secrets AS refresh ON refresh.integration = access.integration AND refresh.field = 'refresh_token'
  JOIN integrations AS i ON i.id = access.integration
 WHERE access.field = 'access_token' AND access.at <= :before
   AND i.state NOT LIKE 'reauthorization!_required.%' ESCAPE '!' AND i.state NOT LIKE 'disconnected.%'
 ORDER BY access.at, access.integration LIMIT :most;

-- name: list_secrets(integration)
SELECT field, blob, key_id, fingerprint, seq, at FROM secrets WHERE integration = :integration;

-- name: find_login_attempt(state_hash)^
SELECT state_hash, integration, browser_hash, verifier, key_id, fingerprint, expires_at
  FROM login_attempts WHERE state_hash = :state_hash AND consumed_at IS NULL;

-- name: find_spent_login(state_hash)^
SELECT integration, browser_hash
  FROM login_attempts WHERE state_hash = :state_hash AND consumed_at IS NOT NULL;
