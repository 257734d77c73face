-- What anybody who asks is told, from a position on: rows that led from one state to another.

-- name: list_told(after, limit)
SELECT position, content FROM audit
 WHERE position > :after AND disposition = 'transitioned' AND integration <> 'service'
 ORDER BY position LIMIT :limit;

-- name: list_told_of(integration, after, limit)
-- By seq, so that no other integration's row is touched.
SELECT position, content FROM audit
 WHERE integration = :integration AND disposition = 'transitioned'
   AND seq > coalesce((SELECT max(seq) FROM audit WHERE integration = :integration AND position <= :after), 0)
 ORDER BY seq LIMIT :limit;
