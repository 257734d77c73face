"""Where webhooks live, each with the campaign that calls it, and every call that was begun."""

TABLES = """
CREATE TABLE IF NOT EXISTS marketo_webhooks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    active INTEGER NOT NULL,
    document TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS marketo_webhook_calls (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    webhook INTEGER NOT NULL,
    person INTEGER NOT NULL,
    at REAL NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting',
    status INTEGER,
    error TEXT NOT NULL DEFAULT '',
    response TEXT NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS marketo_webhook_calls_waiting ON marketo_webhook_calls (webhook, number)
WHERE state = 'waiting';
CREATE INDEX IF NOT EXISTS marketo_webhook_calls_person ON marketo_webhook_calls (webhook, person);
"""
