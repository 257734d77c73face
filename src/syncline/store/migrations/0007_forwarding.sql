-- How far each place that rows of the log are forwarded to has got: it has all rows up to that position.
CREATE TABLE forwarding (
    destination  TEXT PRIMARY KEY,          -- its name, or scheme, host and port
    acknowledged BIGINT NOT NULL,           -- a position in the log
    at           BIGINT NOT NULL
);
