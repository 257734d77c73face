-- Rows of the log on their way to other systems, and how far they have come.

-- name: find_acknowledged(destination)^
-- Where a destination stands.
SELECT acknowledged, at FROM forwarding WHERE destination = :destination;

-- name: acknowledge_rows(destination, position, now)!
-- A destination has everything up to a position. It never goes back.
INSERT INTO forwarding (destination, acknowledged, at) VALUES (:destination, :position, :now)
ON CONFLICT (destination) DO UPDATE SET acknowledged = excluded.acknowledged, at = excluded.at
 WHERE excluded.acknowledged > forwarding.acknowledged;

-- name: list_rows_from(after, limit)
-- The rows behind a position, in order.
SELECT position, content, hash FROM audit WHERE position > :after ORDER BY position LIMIT :limit;

-- name: find_both_ends()^
-- Where the log begins and ends; 1 and 0 when it is empty.
SELECT coalesce((SELECT min(position) FROM audit), 1), coalesce((SELECT max(position) FROM audit), 0);

-- name: find_next_moment(after)^
-- When the first row behind a position happened.
SELECT at FROM audit WHERE position > :after ORDER BY position LIMIT 1;
