-- What is read of the audit log.

-- name: list_log(low, high, type, disposition, since, until, only, without)
SELECT position, content, hash FROM audit
 WHERE position BETWEEN :low AND :high AND at >= :since AND at < :until
   AND (:type = '' OR type = :type) AND (:disposition = '' OR disposition = :disposition)
   AND (:only = '[]' OR integration IN (SELECT value FROM json_each(:only)))
   AND (:without = '[]' OR integration NOT IN (SELECT value FROM json_each(:without)))
 ORDER BY position;

-- name: list_log_back(low, high, type, disposition, since, until, only, without)
SELECT position, content, hash FROM audit
 WHERE position BETWEEN :low AND :high AND at >= :since AND at < :until
   AND (:type = '' OR type = :type) AND (:disposition = '' OR disposition = :disposition)
   AND (:only = '[]' OR integration IN (SELECT value FROM json_each(:only)))
   AND (:without = '[]' OR integration NOT IN (SELECT value FROM json_each(:without)))
 ORDER BY position DESC;

-- name: list_log_of(integration, low, high, type, disposition, since, until, only, without)
-- Within an integration positions and seqs have the same order; by seq no other integration's row is touched.
SELECT position, content, hash FROM audit
 WHERE integration = :integration AND seq BETWEEN :low AND :high AND at >= :since AND at < :until
   AND (:type = '' OR type = :type) AND (:disposition = '' OR disposition = :disposition)
   AND (:only = '[]' OR integration IN (SELECT value FROM json_each(:only)))
   AND (:without = '[]' OR integration NOT IN (SELECT value FROM json_each(:without)))
 ORDER BY seq;

-- name: list_log_of_back(integration, low, high, type, disposition, since, until, only, without)
SELECT position, content, hash FROM audit
 WHERE integration = :integration AND seq BETWEEN :low AND :high AND at >= :since AND at < :until
   AND (:type = '' OR type = :type) AND (:disposition = '' OR disposition = :disposition)
   AND (:only = '[]' OR integration IN (SELECT value FROM json_each(:only)))
   AND (:without = '[]' OR integration NOT IN (SELECT value FROM json_each(:without)))
 ORDER BY seq DESC;

-- name: pick_log(positions)
SELECT position, content, hash FROM audit
 WHERE position IN (SELECT value FROM json_each(:positions)) ORDER BY position;

-- name: pick_log_back(positions)
SELECT position, content, hash FROM audit
 WHERE position IN (SELECT value FROM json_each(:positions)) ORDER BY position DESC;

-- name: find_log_row(integration, seq)^
SELECT position, content, hash FROM audit WHERE integration = :integration AND seq = :seq;

-- name: find_log_row_until(integration, before, moment)^
SELECT position, content, hash FROM audit
 WHERE integration = :integration AND seq < :before AND at <= :moment ORDER BY seq DESC LIMIT 1;

-- name: find_log_ends()^
-- Two questions, since min and max in one would read every row.
SELECT (SELECT min(position) FROM audit), (SELECT max(position) FROM audit);

-- name: find_log_ends_of(integration)^
SELECT (SELECT min(seq) FROM audit WHERE integration = :integration),
       (SELECT max(seq) FROM audit WHERE integration = :integration);

-- name: find_log_place(integration, seq)^
SELECT position, at FROM audit WHERE integration = :integration AND seq = :seq;
