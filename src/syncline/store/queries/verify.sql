-- The whole log and what it must lead to, for those who check it.

-- name: scan_log(after)
-- In the order of writing, one row after the other.
SELECT integration, seq, at, type, key, disposition, origin, target, digest, owns_key, content, hash, position
  FROM audit WHERE position > :after ORDER BY position;

-- name: scan_share(after, through)
-- The same of the integrations that a second process folds: `is_shared` in store/share.py says the same.
SELECT integration, seq, at, type, key, disposition, origin, target, digest, owns_key, content, hash, position
  FROM audit WHERE position > :after AND position <= :through
   AND typeof(integration) = 'text' AND unicode(substr(integration, -1)) % 3 > 0 ORDER BY position;

-- name: scan_log_of(integration, after)
SELECT integration, seq, at, type, key, disposition, origin, target, digest, owns_key, content, hash, position
  FROM audit WHERE integration = :integration AND position > :after ORDER BY seq;

-- name: scan_integrations(integration)
SELECT id, seq, state, state_seq, context, head FROM integrations
 WHERE :integration = '' OR id = :integration ORDER BY id;

-- name: scan_traces(integration)
-- What else says how far a log went: nothing can have been brought or caused by a row that is not there.
SELECT integration, max(seq) FROM (
    SELECT integration, seq FROM documents
    UNION ALL SELECT integration, seq FROM secrets
    UNION ALL SELECT integration, seq FROM effects
) AS traces WHERE :integration = '' OR integration = :integration GROUP BY integration;
