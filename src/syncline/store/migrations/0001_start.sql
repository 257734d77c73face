-- Times are microseconds since the epoch in UTC. JSON is text. Hashes and sealed values are bytes.
-- SQL here and in queries/ is what SQLite and PostgreSQL have in common, unless an override file says otherwise.

CREATE TABLE integrations (
    id          TEXT PRIMARY KEY,
    name        TEXT NOT NULL,
    state       TEXT NOT NULL,
    seq         BIGINT NOT NULL,            -- number of the last audit row
    state_seq   BIGINT NOT NULL,            -- number of the row that entered the state
    state_since BIGINT NOT NULL,
    context     TEXT NOT NULL,              -- core/context.py
    chart       TEXT NOT NULL,              -- name@version#digest
    head        BYTEA NOT NULL,             -- hash of the last audit row
    created_at  BIGINT NOT NULL
);
CREATE INDEX integrations_by_state ON integrations (state, id);

-- The log. Who owns a key is the first event that came with it; a repetition is a row of its own.
CREATE TABLE audit (
    position    INTEGER PRIMARY KEY,
    integration TEXT NOT NULL REFERENCES integrations (id),
    seq         BIGINT NOT NULL,
    at          BIGINT NOT NULL,
    type        TEXT NOT NULL,
    key         TEXT NOT NULL,
    owns_key    SMALLINT NOT NULL,
    digest      BYTEA NOT NULL,             -- of the payload, to tell a repetition from a reused key
    disposition TEXT NOT NULL,
    origin      TEXT NOT NULL,
    target      TEXT NOT NULL,
    content     BYTEA NOT NULL,             -- the canonical bytes
    hash        BYTEA NOT NULL
);
CREATE UNIQUE INDEX audit_by_seq ON audit (integration, seq);
-- The key first: senders' keys mostly grow with time, so that what is written together lies together.
CREATE UNIQUE INDEX audit_by_key ON audit (key, integration) WHERE owns_key = 1;

CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
CREATE TRIGGER audit_is_never_deleted BEFORE DELETE ON audit
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;

CREATE TABLE documents (
    integration TEXT NOT NULL REFERENCES integrations (id),
    name        TEXT NOT NULL,
    body        TEXT NOT NULL,
    seq         BIGINT NOT NULL,            -- the event that brought it
    PRIMARY KEY (integration, name)
);

CREATE TABLE data_keys (
    integration TEXT PRIMARY KEY REFERENCES integrations (id),
    blob        BYTEA NOT NULL,
    key_id      TEXT NOT NULL
);

CREATE TABLE secrets (
    integration TEXT NOT NULL REFERENCES integrations (id),
    field       TEXT NOT NULL,
    blob        BYTEA NOT NULL,
    key_id      TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    seq         BIGINT NOT NULL,            -- the event that brought it
    at          BIGINT NOT NULL,
    PRIMARY KEY (integration, field)
);

CREATE TABLE login_attempts (
    state_hash   TEXT PRIMARY KEY,
    integration  TEXT NOT NULL REFERENCES integrations (id),
    browser_hash TEXT NOT NULL,
    verifier     BYTEA NOT NULL,
    key_id       TEXT NOT NULL,
    fingerprint  TEXT NOT NULL,
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    consumed_at  BIGINT
);
CREATE INDEX login_attempts_by_expiry ON login_attempts (expires_at);

CREATE TABLE effects (
    id          TEXT PRIMARY KEY,           -- integration.seq.number: also its idempotency key
    integration TEXT NOT NULL REFERENCES integrations (id),
    name        TEXT NOT NULL,
    seq         BIGINT NOT NULL,            -- the event that caused it
    state_seq   BIGINT NOT NULL,            -- the state it belongs to
    status      TEXT NOT NULL CHECK (status IN ('pending', 'running', 'done', 'dead', 'cancelled')),
    due_at      BIGINT NOT NULL,
    attempts    INTEGER NOT NULL DEFAULT 0,
    lease       TEXT NOT NULL DEFAULT '',
    lease_until BIGINT NOT NULL DEFAULT 0,
    intent_at   BIGINT,                     -- journalled kinds: when the call was about to be made
    last_error  TEXT NOT NULL DEFAULT '',   -- catalogue code and a safe sentence
    created_at  BIGINT NOT NULL,
    ended_at    BIGINT
);
CREATE INDEX effects_waiting ON effects (due_at) WHERE status = 'pending';
CREATE INDEX effects_waiting_of ON effects (integration) WHERE status = 'pending';
CREATE INDEX effects_running ON effects (lease_until) WHERE status = 'running';
CREATE INDEX effects_by_integration ON effects (integration, seq);

-- What was sent lately, so that the look-back does not send it again.
CREATE TABLE sent_records (
    integration TEXT NOT NULL REFERENCES integrations (id),
    object      TEXT NOT NULL,
    id          TEXT NOT NULL,
    stamp       TEXT NOT NULL,
    PRIMARY KEY (integration, object, id)
);
CREATE INDEX sent_records_by_stamp ON sent_records (integration, object, stamp);

CREATE TABLE refused_records (
    integration TEXT NOT NULL REFERENCES integrations (id),
    object      TEXT NOT NULL,
    id          TEXT NOT NULL,
    reason      TEXT NOT NULL,
    at          BIGINT NOT NULL,
    PRIMARY KEY (integration, object, id)
);

CREATE TABLE api_keys (
    id         TEXT PRIMARY KEY,
    name       TEXT NOT NULL,
    role       TEXT NOT NULL CHECK (role IN ('viewer', 'operator', 'auditor', 'admin')),
    hash       BYTEA NOT NULL,              -- SHA-256 of the whole key
    created_at BIGINT NOT NULL,
    revoked_at BIGINT
);

CREATE TABLE sessions (
    hash       BYTEA PRIMARY KEY,           -- SHA-256 of the cookie's value
    api_key    TEXT NOT NULL REFERENCES api_keys (id),
    created_at BIGINT NOT NULL,
    seen_at    BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
