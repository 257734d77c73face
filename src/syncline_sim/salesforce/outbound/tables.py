"""Where outbound messages live: what admins have defined, and the notifications that wait or have failed."""

TABLES = """
CREATE TABLE IF NOT EXISTS salesforce_outbound_messages (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    org_id TEXT NOT NULL,
    name TEXT NOT NULL,
    object TEXT NOT NULL,
    fields TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    send_session INTEGER NOT NULL,
    send_as TEXT NOT NULL,
    fires TEXT NOT NULL,
    active INTEGER NOT NULL,
    keep_failed INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS salesforce_outbound_notifications (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    message INTEGER NOT NULL,
    record_id TEXT NOT NULL,
    queued_at REAL NOT NULL,
    next_at REAL NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    failed_at REAL,
    failure TEXT NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS salesforce_outbound_notifications_next
ON salesforce_outbound_notifications (message, next_at, number) WHERE failed_at IS NULL;
CREATE INDEX IF NOT EXISTS salesforce_outbound_notifications_failed
ON salesforce_outbound_notifications (failed_at) WHERE failed_at IS NOT NULL;
"""
