-- Keys under which the personal data of one subject is sealed before it is hashed into a row. Without its key a row
-- still proves, and says nothing of the person.
CREATE TABLE subjects (
    id         TEXT PRIMARY KEY,            -- named in what is sealed
    subject    TEXT NOT NULL,               -- such as person:ak_1, hook:in_1
    blob       BYTEA NOT NULL,              -- the key, wrapped by a master key; empty when it is erased
    key_id     TEXT NOT NULL,               -- the master key
    created_at BIGINT NOT NULL,
    erased_at  BIGINT
);
CREATE UNIQUE INDEX subjects_living ON subjects (subject) WHERE erased_at IS NULL;

-- The request that led to an effect, passed on to what comes of it.
ALTER TABLE effects ADD COLUMN request TEXT NOT NULL DEFAULT '';
