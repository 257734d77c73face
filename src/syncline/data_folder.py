"""What lies in the data directory of an installation, beside its master key (`key_ring.KEY_FILE`)."""

DATABASE = "syncline.sqlite3"
#: By which the audit log is searched; made from the database again when it is deleted.
INDEX = "audit-index.sqlite3"
LOCK = "serve.lock"
#: Who holds the lock, to be read by whoever is refused.
HOLDER = "serve.json"
