-- Links by which a person without an account finishes the source's side of one integration.
CREATE TABLE connect_links (
    id            TEXT PRIMARY KEY,
    integration   TEXT NOT NULL REFERENCES integrations (id),
    hash          BYTEA NOT NULL,           -- SHA-256 of the whole link's text
    made_by       TEXT NOT NULL REFERENCES api_keys (id),
    created_at    BIGINT NOT NULL,
    expires_at    BIGINT NOT NULL,
    redeemed_at   BIGINT,
    redeemed_from TEXT NOT NULL DEFAULT '', -- the peer's network address
    session       BYTEA UNIQUE,             -- SHA-256 of the cookie of the browser that redeemed it
    session_until BIGINT NOT NULL DEFAULT 0,
    ended_at      BIGINT,
    ended_by      TEXT NOT NULL DEFAULT ''  -- the event that ended it before its time
);
CREATE INDEX connect_links_by_integration ON connect_links (integration, created_at);
