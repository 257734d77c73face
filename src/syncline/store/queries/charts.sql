-- Charts of their time.

-- name: keep_chart(reference, source, at)!
INSERT INTO charts (reference, source, at) VALUES (:reference, :source, :at) ON CONFLICT (reference) DO NOTHING;

-- name: list_charts()
SELECT reference, source, at FROM charts ORDER BY at, reference;
