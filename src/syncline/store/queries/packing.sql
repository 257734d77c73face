-- What an auditor's pack is made of, besides what other files of queries list.

-- name: list_packed(after, until, most)
SELECT position, content, hash FROM audit WHERE position > :after AND position <= :until ORDER BY position LIMIT :most;

-- name: list_packed_checkpoints(after, until)
-- In the order in which the log grows past them.
SELECT size, at, note FROM checkpoints WHERE size > :after AND size <= :until ORDER BY size, number;
