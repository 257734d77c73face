-- The keys of subjects: whose personal data is sealed in the log.

-- name: add_subject(id, subject, blob, key_id, now)!
-- A key for a subject that has none; whoever comes second takes that of the first.
INSERT INTO subjects (id, subject, blob, key_id, created_at) VALUES (:id, :subject, :blob, :key_id, :now)
ON CONFLICT (subject) WHERE erased_at IS NULL DO NOTHING;

-- name: find_subject(subject)^
SELECT id, subject, blob, key_id, created_at, erased_at FROM subjects WHERE subject = :subject AND erased_at IS NULL;

-- name: find_subject_key(id)^
SELECT id, subject, blob, key_id, created_at, erased_at FROM subjects WHERE id = :id;

-- name: list_subjects(after, limit)
-- A page by key.
SELECT id, subject, blob, key_id, created_at, erased_at FROM subjects
 WHERE id > :after ORDER BY id LIMIT :limit;

-- name: list_subject_keys_but(key_id, after, most)
-- Living ones that another master key wraps, a page at a time.
SELECT id, blob, key_id FROM subjects
 WHERE key_id <> :key_id AND id > :after AND erased_at IS NULL ORDER BY id LIMIT :most;

-- name: count_subject_keys()
-- How many living ones each master key wraps.
SELECT key_id, COUNT(*) FROM subjects WHERE erased_at IS NULL GROUP BY key_id ORDER BY key_id;

-- name: exchange_subject_key(id, blob, key_id, replaces)!
-- The same key, wrapped anew; only in the place of the wrapping that it was made from.
UPDATE subjects SET blob = :blob, key_id = :key_id WHERE id = :id AND blob = :replaces AND erased_at IS NULL;

-- name: erase_subject(subject, now)!
-- The key goes, the line stays: so that what was sealed by it can be told from what never was.
UPDATE subjects SET blob = x'', erased_at = :now WHERE subject = :subject AND erased_at IS NULL;

-- name: list_documents_about(user)
-- What the integrations that are connected as a user have written down of it.
SELECT d.integration, d.name, d.body
  FROM documents AS i JOIN documents AS d ON d.integration = i.integration AND d.name IN ('identity', 'checks')
 WHERE i.name = 'identity' AND json_extract(i.body, '$.user_id') = :user;

-- name: redact_document(integration, name, body)!
-- The same document without names, of which no digest in the log speaks.
UPDATE documents SET body = :body WHERE integration = :integration AND name = :name;

-- name: rename_api_key(id, name)!
UPDATE api_keys SET name = :name WHERE id = :id;
