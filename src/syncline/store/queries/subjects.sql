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

-- name: erase_subject(subject, now)!
-- The key goes, the line stays: so that what was sealed by it can be told from what never was.
UPDATE subjects SET blob = x'', erased_at = :now WHERE subject = :subject AND erased_at IS NULL;
