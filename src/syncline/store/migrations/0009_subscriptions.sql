-- Who is told of what happens, and how far each has been told. The log itself is the outbox: `scanned` is the position
-- up to which its rows have been turned into deliveries.
CREATE TABLE subscriptions (
    id            TEXT PRIMARY KEY,
    version       BIGINT NOT NULL,
    name          TEXT NOT NULL,
    integration   TEXT NOT NULL,            -- empty: all of them
    types         TEXT NOT NULL,            -- a JSON list, empty: all of them
    origin        TEXT NOT NULL,            -- scheme, host and port of the address; the whole is sealed
    fingerprint   TEXT NOT NULL,            -- of the address
    enabled       SMALLINT NOT NULL,
    reason        TEXT NOT NULL,            -- a code of the catalogue
    keys          TEXT NOT NULL,            -- core/subscription.py
    created_at    BIGINT NOT NULL,
    changed_at    BIGINT NOT NULL,
    scanned       BIGINT NOT NULL,
    sequence      BIGINT NOT NULL DEFAULT 0, -- the last number that was given out
    waiting       BIGINT NOT NULL DEFAULT 0, -- deliveries that are neither delivered nor dead
    failures      BIGINT NOT NULL DEFAULT 0, -- in a row, of the endpoint itself
    hold_until    BIGINT NOT NULL DEFAULT 0,
    failing_since BIGINT,
    failed_at     BIGINT,
    delivered_at  BIGINT
);

CREATE TABLE deliveries (
    id           INTEGER PRIMARY KEY,
    subscription TEXT NOT NULL,
    sequence     BIGINT NOT NULL,           -- counts within the subscription, without gaps
    integration  TEXT NOT NULL,
    seq          BIGINT NOT NULL,           -- of the row that it tells of
    type         TEXT NOT NULL,
    body         BYTEA NOT NULL,            -- as it is signed
    status       TEXT NOT NULL CHECK (status IN ('waiting', 'delivered', 'dead')),
    created_at   BIGINT NOT NULL,
    due_at       BIGINT NOT NULL,
    first_at     BIGINT NOT NULL DEFAULT 0, -- the first try, from which the days are counted; 0: not tried yet
    failures     BIGINT NOT NULL DEFAULT 0,
    tries        TEXT NOT NULL DEFAULT '[]',
    ended_at     BIGINT
);
CREATE UNIQUE INDEX deliveries_by_sequence ON deliveries (subscription, sequence);
CREATE INDEX deliveries_waiting ON deliveries (subscription, id) WHERE status = 'waiting';
CREATE INDEX deliveries_put_off ON deliveries (subscription, due_at, integration) WHERE status = 'waiting';
CREATE INDEX deliveries_by_end ON deliveries (ended_at) WHERE status <> 'waiting';
