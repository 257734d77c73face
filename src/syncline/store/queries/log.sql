-- What is read of the audit log.

-- name: list_log(integration, type, disposition, since, until, after, limit)
SELECT position, content, hash FROM audit
 WHERE position > :after AND at >= :since AND at < :until
   AND (:integration = '' OR integration = :integration)
   AND (:type = '' OR type = :type) AND (:disposition = '' OR disposition = :disposition)
 ORDER BY position LIMIT :limit;

-- name: list_log_back(integration, type, disposition, since, until, before, limit)
SELECT position, content, hash FROM audit
 WHERE position < :before AND at >= :since AND at < :until
   AND (:integration = '' OR integration = :integration)
   AND (:type = '' OR type = :type) AND (:disposition = '' OR disposition = :disposition)
 ORDER BY position DESC LIMIT :limit;

-- name: find_log_row(integration, seq)^
SELECT position, content, hash FROM audit WHERE integration = :integration AND seq = :seq;
