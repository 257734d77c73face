-- What is read of integrations. The service's own line is none of them: only its log is ever shown.

-- name: find_integration(id)^
SELECT id, name, state, seq, state_seq, state_since, context, chart, created_at
  FROM integrations WHERE id = :id AND id <> 'service';

-- name: list_integrations(after, limit, state, search, only)
-- A page by key: ids sort by the time of their making.
SELECT id, name, state, seq, state_seq, state_since, context, chart, created_at
  FROM integrations
 WHERE id > :after AND id <> 'service'
   AND (:state = '' OR state = :state OR substr(state, 1, length(:state) + 1) = :state || '.')
   AND (:search = '' OR lower(name) LIKE '%' || lower(:search) || '%')
   AND (:only = '[]' OR id IN (SELECT value FROM json_each(:only)))
 ORDER BY id LIMIT :limit;

-- name: list_refreshing()
-- Asked once, when a worker starts. Texts in the memory are escaped, so nothing else can look like this.
-- What is disconnected has no grant to be saved.
SELECT id, name, state, seq, state_seq, state_since, context, chart, created_at
  FROM integrations WHERE instr(context, '"refreshing":true') > 0 AND state NOT LIKE 'disconnected.%' ORDER BY id;

-- name: count_states()
SELECT state, count(*) FROM integrations WHERE id <> 'service' GROUP BY state;

-- name: list_documents(integration)
SELECT name, body FROM documents WHERE integration = :integration;
