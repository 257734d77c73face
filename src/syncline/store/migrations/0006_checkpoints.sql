-- What was signed: that the log had `size` rows, and the root that they lead to. A note speaks for itself
-- (core/note.py); what stands beside it here is for finding it.
CREATE TABLE checkpoints (
    number INTEGER PRIMARY KEY,
    size   BIGINT NOT NULL,
    at     BIGINT NOT NULL,
    note   TEXT NOT NULL
);
CREATE INDEX checkpoints_by_size ON checkpoints (size);

CREATE TRIGGER checkpoint_is_never_changed BEFORE UPDATE ON checkpoints
BEGIN
    SELECT RAISE(ABORT, 'a checkpoint stays as it was signed');
END;
CREATE TRIGGER checkpoint_is_never_deleted BEFORE DELETE ON checkpoints
BEGIN
    SELECT RAISE(ABORT, 'a checkpoint stays as it was signed');
END;

-- Roots of the whole subtrees of 256^level rows, so that no proof has to read the log from its beginning. They follow
-- from the rows and can be computed again at any time.
CREATE TABLE tree_nodes (
    level  INTEGER NOT NULL,                -- 1 and more
    number BIGINT NOT NULL,                 -- from the left, from 0
    hash   BYTEA NOT NULL,
    PRIMARY KEY (level, number)
);

-- The last checkpoint that each place outside has got.
CREATE TABLE checkpoint_places (
    place  TEXT PRIMARY KEY,
    number BIGINT NOT NULL
);
