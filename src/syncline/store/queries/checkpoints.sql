-- Checkpoints, the tree that they speak of, and which of them the places outside have got.

-- name: find_log_end()^
-- How many rows there are: positions have no gaps.
SELECT coalesce(max(position), 0) FROM audit;

-- name: join_row_hashes(after, most)^
-- The leaves of the tree as one text: the interpreter is given away and waited for at each row that is fetched, and to
-- read a thousand beside a busy service would hold up every request of it. Of a fixed width, so that texts can be sorted.
SELECT group_concat(leaf, ' ') FROM (
    SELECT printf('%016d', position) || hex(hash) AS leaf
    FROM audit WHERE position > :after ORDER BY position LIMIT :most
);

-- name: find_row_place(integration, seq)^
-- A row of one chain, and where it stands among all.
SELECT position, content, hash FROM audit WHERE integration = :integration AND seq = :seq;

-- name: add_checkpoint(size, at, note)!
INSERT INTO checkpoints (size, at, note) VALUES (:size, :at, :note);

-- name: find_newest_checkpoint()^
SELECT number, size, at, note FROM checkpoints ORDER BY number DESC LIMIT 1;

-- name: find_checkpoint_of(size)^
SELECT number, size, at, note FROM checkpoints WHERE size = :size ORDER BY number DESC LIMIT 1;

-- name: list_checkpoints_after(number, most)
SELECT number, size, at, note FROM checkpoints WHERE number > :number ORDER BY number LIMIT :most;

-- name: list_checkpoints_before(number, most)
SELECT number, size, at, note FROM checkpoints WHERE number < :number ORDER BY number DESC LIMIT :most;

-- name: scan_checkpoints()
-- In the order in which the log grows past them.
SELECT number, size, at, note FROM checkpoints ORDER BY size, number;

-- name: keep_tree_nodes(level, number, hash)*!
INSERT INTO tree_nodes (level, number, hash) VALUES (:level, :number, :hash)
ON CONFLICT (level, number) DO UPDATE SET hash = excluded.hash;

-- name: list_tree_nodes(level, first, end)
SELECT number, hash FROM tree_nodes WHERE level = :level AND number >= :first AND number < :end ORDER BY number;

-- name: scan_tree_nodes()
SELECT level, number, hash FROM tree_nodes;

-- name: find_place(place)^
SELECT number FROM checkpoint_places WHERE place = :place;

-- name: keep_place(place, number)!
INSERT INTO checkpoint_places (place, number) VALUES (:place, :number)
ON CONFLICT (place) DO UPDATE SET number = excluded.number;
