"""Where bulk jobs live: what was ordered, what was uploaded, what a query found and what became of each row."""

TABLES = """
CREATE TABLE IF NOT EXISTS salesforce_bulk_jobs (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL DEFAULT '',
    kind TEXT NOT NULL,
    org_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    version TEXT NOT NULL,
    operation TEXT NOT NULL,
    object TEXT NOT NULL,
    query TEXT NOT NULL DEFAULT '',
    external_id_field TEXT NOT NULL DEFAULT '',
    line_ending TEXT NOT NULL DEFAULT 'LF',
    column_delimiter TEXT NOT NULL DEFAULT 'COMMA',
    state TEXT NOT NULL,
    created_at REAL NOT NULL,
    changed_at REAL NOT NULL,
    polls INTEGER NOT NULL DEFAULT 0,
    uploaded INTEGER NOT NULL DEFAULT 0,
    processed INTEGER NOT NULL DEFAULT 0,
    failed INTEGER NOT NULL DEFAULT 0,
    error TEXT NOT NULL DEFAULT '',
    columns TEXT NOT NULL DEFAULT '',
    content_type TEXT NOT NULL DEFAULT 'CSV',
    concurrency TEXT NOT NULL DEFAULT 'Parallel',
    chunk_size INTEGER NOT NULL DEFAULT 0,
    chunk_start TEXT NOT NULL DEFAULT '',
    client TEXT NOT NULL DEFAULT '',
    records BLOB NOT NULL DEFAULT x''
);
CREATE INDEX IF NOT EXISTS salesforce_bulk_jobs_id ON salesforce_bulk_jobs (id);
CREATE TABLE IF NOT EXISTS salesforce_bulk_chunks (
    job INTEGER NOT NULL,
    number INTEGER NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (job, number)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS salesforce_bulk_rows (
    job INTEGER NOT NULL,
    number INTEGER NOT NULL,
    record_id TEXT NOT NULL,
    created INTEGER NOT NULL,
    error TEXT NOT NULL,
    line TEXT NOT NULL,
    PRIMARY KEY (job, number)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS salesforce_bulk_batches (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL DEFAULT '',
    job INTEGER NOT NULL,
    state TEXT NOT NULL,
    message TEXT NOT NULL DEFAULT '',
    created_at REAL NOT NULL,
    changed_at REAL NOT NULL,
    polls INTEGER NOT NULL DEFAULT 0,
    chunk INTEGER NOT NULL DEFAULT 0,
    processed INTEGER NOT NULL DEFAULT 0,
    failed INTEGER NOT NULL DEFAULT 0,
    request BLOB NOT NULL,
    results BLOB NOT NULL DEFAULT x''
);
CREATE INDEX IF NOT EXISTS salesforce_bulk_batches_job ON salesforce_bulk_batches (job);
CREATE TABLE IF NOT EXISTS salesforce_bulk_usage (
    org_id TEXT NOT NULL,
    name TEXT NOT NULL,
    hour INTEGER NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (org_id, name, hour)
);
"""
