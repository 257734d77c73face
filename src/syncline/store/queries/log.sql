-- What is read of the audit log.

-- name: list_log(type, disposition, since, until, after, limit, only)
SELECT position, content, hash FROM audit
 WHERE position > :after AND at >= :since AND at < :until
   AND (:type = '' OR type = :type) AND (:disposition = '' OR disposition = :disposition)
   AND (:only = '[]' OR integration IN (SELECT value FROM json_each(:only)))
 ORDER BY position LIMIT :limit;

-- name: list_log_back(type, disposition, since, until, before, limit, only)
SELECT position, content, hash FROM audit
 WHERE position < :before AND at >= :since AND at < :until
   AND (:type = '' OR type = :type) AND (:disposition = '' OR disposition = :disposition)
   AND (:only = '[]' OR integration IN (SELECT value FROM json_each(:only)))
 ORDER BY position DESC LIMIT :limit;

-- name: list_log_of(integration, type, disposition, since, until, after, limit, only)
-- Within an integration positions and seqs have the same order; by seq no other integration's row is touched, and a
-- page starts where the one before it ended.
SELECT position, content, hash FROM audit
 WHERE integration = :integration AND position > :after AND at >= :since AND at < :until
   AND seq > coalesce((SELECT seq FROM audit WHERE position = :after AND integration = :integration), 0)
   AND (:type = '' OR type = :type) AND (:disposition = '' OR disposition = :disposition)
   AND (:only = '[]' OR integration IN (SELECT value FROM json_each(:only)))
 ORDER BY seq LIMIT :limit;

-- name: list_log_of_back(integration, type, disposition, since, until, before, limit, only)
SELECT position, content, hash FROM audit
 WHERE integration = :integration AND position < :before AND at >= :since AND at < :until
   AND seq < coalesce((SELECT seq FROM audit WHERE position = :before AND integration = :integration),
                      9223372036854775807)
   AND (:type = '' OR type = :type) AND (:disposition = '' OR disposition = :disposition)
   AND (:only = '[]' OR integration IN (SELECT value FROM json_each(:only)))
 ORDER BY seq DESC LIMIT :limit;

-- name: find_log_row(integration, seq)^
SELECT position, content, hash FROM audit WHERE integration = :integration AND seq = :seq;
