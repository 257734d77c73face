-- Retention: the oldest rows may go, up to a position that a signed record names. Where the fold of each chain starts
-- again after that is kept, and its digest stands in the record and in the service's own log.
CREATE TABLE truncations (
    through BIGINT PRIMARY KEY,             -- the last position that was let go
    at      BIGINT NOT NULL,
    note    TEXT NOT NULL                   -- the signed record
);
CREATE TRIGGER truncations_are_never_changed BEFORE UPDATE ON truncations
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
CREATE TRIGGER truncations_are_never_deleted BEFORE DELETE ON truncations
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;

-- The last row that was let go of each chain, and what it led to.
CREATE TABLE truncation_bases (
    integration TEXT PRIMARY KEY REFERENCES integrations (id),
    seq         BIGINT NOT NULL,
    hash        BYTEA NOT NULL,
    state       TEXT NOT NULL,
    state_seq   BIGINT NOT NULL,
    context     TEXT NOT NULL
);

DROP TRIGGER audit_is_never_deleted;
CREATE TRIGGER audit_is_never_deleted BEFORE DELETE ON audit
WHEN OLD.position > (SELECT coalesce(max(through), 0) FROM truncations)
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
