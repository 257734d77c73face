-- Every chart that has ever decided here, as it was read: what a row needs to be decided again.
CREATE TABLE charts (
    reference TEXT PRIMARY KEY,             -- name@version#digest, as rows name it
    source    BYTEA NOT NULL,               -- the file's bytes
    at        BIGINT NOT NULL
);
