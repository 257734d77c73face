"""The tables of Change Data Capture."""

#: `fields` is a JSON object of columns as they were written, `likeness` a number that is common to events which tell
#: the same. Their own numbers are replay ids: none is given twice, so that a purged one is known to be too old.
TABLES = """
CREATE TABLE IF NOT EXISTS salesforce_change_events (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    org_id TEXT NOT NULL,
    entity TEXT NOT NULL,
    kind TEXT NOT NULL,
    record_ids TEXT NOT NULL,
    fields TEXT NOT NULL,
    origin TEXT NOT NULL,
    user_id TEXT NOT NULL,
    likeness INTEGER NOT NULL,
    in_transaction INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    moment INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS salesforce_change_events_transaction ON salesforce_change_events (in_transaction, likeness);
CREATE TABLE IF NOT EXISTS salesforce_captured (
    org_id TEXT PRIMARY KEY,
    objects TEXT NOT NULL
);
"""
