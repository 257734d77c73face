"""The tables of this side that are about orgs, users, apps and tokens, all named `salesforce_…`."""

TABLES = """
CREATE TABLE IF NOT EXISTS salesforce_orgs (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    edition TEXT NOT NULL,
    is_sandbox INTEGER NOT NULL,
    instance_url TEXT NOT NULL,
    settings TEXT NOT NULL DEFAULT '{}'
);
CREATE TABLE IF NOT EXISTS salesforce_users (
    id TEXT PRIMARY KEY,
    org_id TEXT NOT NULL REFERENCES salesforce_orgs (id),
    username TEXT NOT NULL COLLATE NOCASE UNIQUE,
    password TEXT NOT NULL,
    email TEXT NOT NULL,
    first_name TEXT NOT NULL,
    last_name TEXT NOT NULL,
    profile TEXT NOT NULL,
    active INTEGER NOT NULL,
    permissions TEXT NOT NULL,
    hidden TEXT NOT NULL,
    read_only TEXT NOT NULL DEFAULT '{}',
    frozen INTEGER NOT NULL DEFAULT 0,
    failures INTEGER NOT NULL DEFAULT 0,
    locked_until REAL NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS salesforce_permission_sets (
    number INTEGER PRIMARY KEY,
    org_id TEXT NOT NULL REFERENCES salesforce_orgs (id),
    name TEXT NOT NULL,
    label TEXT NOT NULL,
    permissions TEXT NOT NULL,
    UNIQUE (org_id, name)
);
CREATE TABLE IF NOT EXISTS salesforce_permission_set_assignments (
    number INTEGER PRIMARY KEY,
    set_number INTEGER NOT NULL,
    user_id TEXT NOT NULL,
    UNIQUE (set_number, user_id)
);
CREATE TABLE IF NOT EXISTS salesforce_apps (
    consumer_key TEXT PRIMARY KEY,
    consumer_secret TEXT NOT NULL,
    org_id TEXT NOT NULL,
    name TEXT NOT NULL,
    contact_email TEXT NOT NULL,
    created_at REAL NOT NULL,
    settings TEXT NOT NULL,
    staged_key TEXT NOT NULL DEFAULT '',
    staged_secret TEXT NOT NULL DEFAULT ''
);
CREATE TABLE IF NOT EXISTS salesforce_browsers (
    cookie TEXT PRIMARY KEY,
    user_id TEXT NOT NULL DEFAULT '',
    pending_user_id TEXT NOT NULL DEFAULT '',
    code TEXT NOT NULL DEFAULT '',
    code_until REAL NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0,
    start_url TEXT NOT NULL DEFAULT ''
);
CREATE TABLE IF NOT EXISTS salesforce_known_browsers (
    cookie TEXT NOT NULL,
    user_id TEXT NOT NULL,
    PRIMARY KEY (cookie, user_id)
);
CREATE TABLE IF NOT EXISTS salesforce_codes (
    code TEXT PRIMARY KEY,
    consumer_key TEXT NOT NULL,
    user_id TEXT NOT NULL,
    redirect_uri TEXT NOT NULL,
    scopes TEXT NOT NULL,
    challenge TEXT NOT NULL,
    nonce TEXT NOT NULL,
    issued_at REAL NOT NULL,
    spent INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS salesforce_grants (
    id INTEGER PRIMARY KEY,
    consumer_key TEXT NOT NULL,
    user_id TEXT NOT NULL,
    scopes TEXT NOT NULL,
    approved_at REAL NOT NULL,
    used_at REAL NOT NULL,
    revoked TEXT NOT NULL DEFAULT '',
    session INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS salesforce_refresh_tokens (
    token TEXT PRIMARY KEY,
    grant_id INTEGER NOT NULL,
    issued_at REAL NOT NULL,
    replaced_at REAL
);
CREATE TABLE IF NOT EXISTS salesforce_access_tokens (
    token TEXT PRIMARY KEY,
    grant_id INTEGER NOT NULL,
    issued_at REAL NOT NULL,
    expires_at REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS salesforce_access_tokens_grant ON salesforce_access_tokens (grant_id);
CREATE TABLE IF NOT EXISTS salesforce_api_usage (
    org_id TEXT NOT NULL,
    hour INTEGER NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (org_id, hour)
);
"""
