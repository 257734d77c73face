-- The grants that are held, as they may be seen.

-- name: list_grants(after, limit, only)
SELECT i.id, i.name, i.state, i.context, d.body
  FROM integrations AS i JOIN documents AS d ON d.integration = i.id AND d.name = 'grant'
 WHERE i.id > :after AND (:only = '[]' OR i.id IN (SELECT value FROM json_each(:only)))
   AND EXISTS (SELECT 1 FROM secrets AS s WHERE s.integration = i.id AND s.field IN ('access_token', 'refresh_token'))
 ORDER BY i.id LIMIT :limit;

-- name: find_last_use(integration)^
-- The newest row that says whom the token was lent to.
SELECT content FROM audit WHERE integration = :integration AND type = 'grant.lent' AND disposition = 'handled'
 ORDER BY seq DESC LIMIT 1;
