-- What came to the doors: rows of the log that a door has made, and what was turned away.

-- name: list_arrived(before, floor, only, integration, limit)
-- The newest first, and no further back than `floor`, so that one page never reads the whole log.
SELECT position, content, hash FROM audit
 WHERE position < :before AND position >= :floor
   AND (type IN ('login.returned', 'login.denied') OR key >= 'hook:' AND key < 'hook;'
        OR key >= 'notice:' AND key < 'notice;' OR key >= 'call:' AND key < 'call;')
   AND (:integration = '' OR integration = :integration)
   AND (:only = '[]' OR integration IN (SELECT value FROM json_each(:only)))
 ORDER BY position DESC LIMIT :limit;

-- name: find_arrived(position)^
SELECT position, content, hash FROM audit WHERE position = :position;

-- name: find_last_position()^
SELECT coalesce(max(position), 0) FROM audit;

-- name: list_turned_away(before, only, integration, limit)
SELECT id, at, door, integration, known, verdict, problem, detail, name, address, request, media_type, size, digest,
       times, sealed_as <> '', replayed_at, replayed_as
  FROM inbox
 WHERE id < :before
   AND (:integration = '' OR integration = :integration AND known = 1)
   AND (:only = '[]' OR known = 1 AND integration IN (SELECT value FROM json_each(:only)))
 ORDER BY id DESC LIMIT :limit;

-- name: find_turned_away(id)^
SELECT id, at, door, integration, known, verdict, problem, detail, name, address, request, media_type, size, digest,
       times, sealed_as <> '', replayed_at, replayed_as
  FROM inbox WHERE id = :id;

-- name: find_sealed_body(id)^
SELECT sealed_as, blob, key_id FROM inbox WHERE id = :id AND sealed_as <> '';

-- name: is_integration(id)^
SELECT 1 FROM integrations WHERE id = :id;

-- name: add_refused(at, door, integration, known, verdict, problem, detail, name, address, request, media_type, size, digest, times, sealed_as, blob, key_id)!
INSERT INTO inbox (at, door, integration, known, verdict, problem, detail, name, address, request, media_type, size,
                   digest, times, sealed_as, blob, key_id)
VALUES (:at, :door, :integration, :known, :verdict, :problem, :detail, :name, :address, :request, :media_type, :size,
        :digest, :times, :sealed_as, :blob, :key_id);

-- name: note_replay(id, now, outcome)!
-- What was sealed for it has served.
UPDATE inbox SET replayed_at = :now, replayed_as = :outcome WHERE id = :id;

-- name: forget_old_refused(before)!
DELETE FROM inbox WHERE at < :before;

-- name: forget_large_refused(most, row)!
-- The oldest beyond a number of bytes: bodies as they are sealed, and `row` for everything else.
DELETE FROM inbox WHERE id <= (
    SELECT coalesce(max(id), 0) FROM (
        SELECT id, sum(length(blob) + :row) OVER (ORDER BY id DESC) AS total FROM inbox
    ) AS measured WHERE total > :most
);
