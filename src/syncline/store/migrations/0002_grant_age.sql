-- Grants that were not refreshed for long are looked for every hour.
CREATE INDEX secrets_by_age ON secrets (field, at);
