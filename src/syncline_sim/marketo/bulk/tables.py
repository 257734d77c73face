"""The tables of bulk jobs: what was asked for and how far it is, and the files, which are kept in pieces."""

#: A job is an `export` or an `import` of an `object`; `key` is the number or the id by which clients know it.
TABLES = """
CREATE TABLE IF NOT EXISTS marketo_bulk_jobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    object TEXT NOT NULL,
    key TEXT NOT NULL,
    owner TEXT NOT NULL,
    state TEXT NOT NULL,
    created_at REAL NOT NULL,
    queued_at REAL,
    started_at REAL,
    hastened_at REAL,
    finished_at REAL,
    request TEXT NOT NULL,
    outcome TEXT NOT NULL DEFAULT '{}'
);
CREATE INDEX IF NOT EXISTS marketo_bulk_jobs_state ON marketo_bulk_jobs (kind, state);
CREATE INDEX IF NOT EXISTS marketo_bulk_jobs_key ON marketo_bulk_jobs (key);
CREATE TABLE IF NOT EXISTS marketo_bulk_files (
    job INTEGER NOT NULL,
    name TEXT NOT NULL,
    position INTEGER NOT NULL,
    data BLOB NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS marketo_bulk_files_position ON marketo_bulk_files (job, name, position);
"""
