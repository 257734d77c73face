-- The shape of the database itself.

-- name: find_last_migration()^
SELECT coalesce(max(number), 0) FROM migrations;
