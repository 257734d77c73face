-- A key may be for some integrations only: a JSON list of their ids, empty for all.
ALTER TABLE api_keys ADD COLUMN integrations TEXT NOT NULL DEFAULT '[]';
