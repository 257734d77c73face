-- What was let go of the log, and where it starts now.

-- name: add_truncation(through, at, note)!
INSERT INTO truncations (through, at, note) VALUES (:through, :at, :note);

-- name: list_truncations()
SELECT through, at, note FROM truncations ORDER BY through;

-- name: find_last_truncation()^
SELECT through, at, note FROM truncations ORDER BY through DESC LIMIT 1;

-- name: keep_bases(through)!
-- For each chain that has rows up to there, the last of them; the state and the memory stand in its bytes.
INSERT INTO truncation_bases (integration, seq, hash, state, state_seq, context)
SELECT a.integration, a.seq, a.hash, a.target,
       coalesce(json_extract(CAST(a.content AS TEXT), '$.state_seq'), 0),
       coalesce(json_extract(CAST(a.content AS TEXT), '$.context'), '{}')
  FROM (SELECT integration, max(seq) AS seq FROM audit WHERE position <= :through GROUP BY integration) AS last
  JOIN audit AS a ON a.integration = last.integration AND a.seq = last.seq
 WHERE true
ON CONFLICT (integration) DO UPDATE
   SET seq = excluded.seq, hash = excluded.hash, state = excluded.state, state_seq = excluded.state_seq,
       context = excluded.context;

-- name: list_bases(integration)
SELECT integration, seq, hash, state, state_seq, context FROM truncation_bases
 WHERE :integration = '' OR integration = :integration ORDER BY integration;

-- name: list_last_rows(after, through)
-- For each chain that has rows there, the last of them; the state and the memory stand in its bytes.
SELECT a.integration, a.seq, a.hash, a.target,
       coalesce(json_extract(CAST(a.content AS TEXT), '$.state_seq'), 0),
       coalesce(json_extract(CAST(a.content AS TEXT), '$.context'), '{}')
  FROM (SELECT integration, max(seq) AS seq FROM audit
         WHERE position > :after AND position <= :through GROUP BY integration) AS last
  JOIN audit AS a ON a.integration = last.integration AND a.seq = last.seq
 ORDER BY a.integration;

-- name: find_row_at(position)^
SELECT at FROM audit WHERE position = :position;

-- name: drop_rows(through, most)!
-- A few at a time, so that nobody waits for long.
DELETE FROM audit WHERE position IN
    (SELECT position FROM audit WHERE position <= :through ORDER BY position LIMIT :most);

-- name: scan_contents(after)
-- The bytes alone, in the order of writing.
SELECT content FROM audit WHERE position > :after ORDER BY position;

-- name: scan_contents_of(integration, after)
SELECT content FROM audit WHERE integration = :integration AND position > :after ORDER BY seq;
