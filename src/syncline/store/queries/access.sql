-- API keys and browser sessions.

-- name: add_api_key(id, name, role, integrations, hash, now)!
INSERT INTO api_keys (id, name, role, integrations, hash, created_at)
VALUES (:id, :name, :role, :integrations, :hash, :now);

-- name: find_api_key(id, hash)^
SELECT id, name, role, created_at, revoked_at, integrations FROM api_keys
 WHERE id = :id AND hash = :hash AND revoked_at IS NULL;

-- name: find_claimed_key(id, hash)^
-- Whether the key that has this id has this hash too, and whether it is revoked.
SELECT hash = :hash, revoked_at IS NOT NULL FROM api_keys WHERE id = :id;

-- name: list_api_keys()
SELECT id, name, role, created_at, revoked_at, integrations FROM api_keys ORDER BY created_at, id;

-- name: revoke_api_key(id, now)!
UPDATE api_keys SET revoked_at = :now WHERE id = :id AND revoked_at IS NULL;

-- name: add_session(hash, api_key, now, expires_at)!
INSERT INTO sessions (hash, api_key, created_at, seen_at, expires_at) VALUES (:hash, :api_key, :now, :now, :expires_at);

-- name: find_session(hash, now, idle_since)^
SELECT k.id, k.name, k.role, k.created_at, k.revoked_at, k.integrations
  FROM sessions AS s JOIN api_keys AS k ON k.id = s.api_key
 WHERE s.hash = :hash AND s.expires_at > :now AND s.seen_at > :idle_since AND k.revoked_at IS NULL;

-- name: touch_session(hash, now)!
UPDATE sessions SET seen_at = :now WHERE hash = :hash;

-- name: end_session(hash)!
DELETE FROM sessions WHERE hash = :hash;

-- name: end_sessions_of(api_key)!
DELETE FROM sessions WHERE api_key = :api_key;

-- name: count_sessions_of(api_key)^
SELECT count(*) FROM sessions WHERE api_key = :api_key;

-- name: forget_sessions(now)!
DELETE FROM sessions WHERE expires_at <= :now;
