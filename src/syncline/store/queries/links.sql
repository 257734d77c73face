-- Connect links. One works only while it has not ended and the key that made it is not revoked.

-- name: add_link(id, integration, hash, made_by, now, expires_at)!
INSERT INTO connect_links (id, integration, hash, made_by, created_at, expires_at)
VALUES (:id, :integration, :hash, :made_by, :now, :expires_at);

-- name: spend_link(id, integration, session, until, address, now)!
-- One event wins.
UPDATE connect_links SET redeemed_at = :now, redeemed_from = :address, session = :session, session_until = :until
 WHERE id = :id AND integration = :integration AND redeemed_at IS NULL AND ended_at IS NULL AND expires_at > :now
   AND EXISTS (SELECT 1 FROM api_keys AS k WHERE k.id = made_by AND k.revoked_at IS NULL);

-- name: end_link(id, integration, now, event)!
UPDATE connect_links SET ended_at = :now, ended_by = :event, session = NULL
 WHERE id = :id AND integration = :integration AND ended_at IS NULL;

-- name: end_links(integration, now, event)!
-- All that were not over yet.
UPDATE connect_links SET ended_at = :now, ended_by = :event, session = NULL
 WHERE integration = :integration AND ended_at IS NULL;

-- name: find_link(id)^
SELECT l.id, l.integration, l.made_by, l.created_at, l.expires_at, l.redeemed_at, l.redeemed_from, l.session_until,
       l.ended_at, l.ended_by, k.revoked_at, l.hash
  FROM connect_links AS l JOIN api_keys AS k ON k.id = l.made_by
 WHERE l.id = :id;

-- name: list_links(integration)
SELECT l.id, l.integration, l.made_by, l.created_at, l.expires_at, l.redeemed_at, l.redeemed_from, l.session_until,
       l.ended_at, l.ended_by, k.revoked_at
  FROM connect_links AS l JOIN api_keys AS k ON k.id = l.made_by
 WHERE l.integration = :integration ORDER BY l.created_at, l.id;

-- name: find_guest(session, now)^
-- The link that a browser has redeemed and may still use.
SELECT l.id, l.integration
  FROM connect_links AS l JOIN api_keys AS k ON k.id = l.made_by
 WHERE l.session = :session AND l.session_until > :now AND l.ended_at IS NULL AND k.revoked_at IS NULL;
