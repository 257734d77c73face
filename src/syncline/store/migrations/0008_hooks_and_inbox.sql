-- Former secrets of hooks, and until when each still opens its door. A secret that is not named here has no end.
CREATE TABLE hook_ends (
    integration TEXT NOT NULL REFERENCES integrations (id),
    field       TEXT NOT NULL,              -- of table secrets
    until       BIGINT NOT NULL,
    PRIMARY KEY (integration, field)
);

-- Records that the target has asked for, whether they have changed or not; gone when a run has brought them.
CREATE TABLE wanted_records (
    integration TEXT NOT NULL REFERENCES integrations (id),
    id          TEXT NOT NULL,              -- the source's
    seq         BIGINT NOT NULL,            -- the event that asked last
    PRIMARY KEY (integration, id)
);

-- What came to a door and was turned away before it was an event; what became one is on the log. Nothing here is
-- secret but `blob`, which is sealed.
CREATE TABLE inbox (
    id          INTEGER PRIMARY KEY,
    at          BIGINT NOT NULL,
    door        TEXT NOT NULL,              -- events, source, target, callback
    integration TEXT NOT NULL,              -- as the address named it
    known       SMALLINT NOT NULL,          -- whether there was such an integration
    verdict     TEXT NOT NULL,
    problem     TEXT NOT NULL,              -- a code of the catalogue
    detail      TEXT NOT NULL,
    name        TEXT NOT NULL,              -- the sender's own id of it, where it has one
    address     TEXT NOT NULL,              -- the peer's network address
    request     TEXT NOT NULL,
    media_type  TEXT NOT NULL,
    size        BIGINT NOT NULL,            -- of the body, in bytes
    digest      TEXT NOT NULL,              -- of the body, SHA-256
    times       BIGINT NOT NULL,            -- how many this row stands for
    sealed_as   TEXT NOT NULL,              -- the name that the body is sealed under, empty when it is not kept
    blob        BYTEA NOT NULL,
    key_id      TEXT NOT NULL,
    replayed_at BIGINT,
    replayed_as TEXT NOT NULL DEFAULT ''    -- what became of it then
);
CREATE INDEX inbox_by_time ON inbox (at);
