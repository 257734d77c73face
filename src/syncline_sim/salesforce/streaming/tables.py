"""The tables of Change Data Capture."""

#: `fields` is a JSON object of columns as they were written, `changes` how many the transaction had up to this event,
#: `likeness` a number that events which tell the same have in common.
#: Numbers are replay ids: none is ever given twice, so that one which has been purged is known to be too old.
TABLES = """
CREATE TABLE IF NOT EXISTS salesforce_change_events (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    org_id TEXT NOT NULL,
    entity TEXT NOT NULL,
    kind TEXT NOT NULL,
    record_ids TEXT NOT NULL,
    fields TEXT NOT NULL,
    changes INTEGER NOT NULL,
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
