-- Sets what the chain's own record proves, and sequences that would give an id twice; keeper.integrity_fixes keeps what was before.
-- Run inside a transaction. No insert can come between a look at the highest id and the sequence: its table is held.
SET LOCAL lock_timeout = '5s';
CREATE TEMPORARY TABLE pk_found ON COMMIT DROP AS SELECT * FROM keeper.integrity(false) WHERE fix IS NOT NULL;

WITH target AS (
    SELECT p.id, p.participants_count AS before, d.participants AS after
      FROM pk_found AS f JOIN public.pools AS p ON f.subject = 'pool ' || p.id JOIN keeper.draws AS d ON d.app_id = p.id
     WHERE f.fix = 'participants_count'
), changed AS (
    UPDATE public.pools AS p SET participants_count = t.after FROM target AS t
     WHERE p.id = t.id AND p.participants_count IS NOT DISTINCT FROM t.before RETURNING p.id
)
INSERT INTO keeper.integrity_fixes (name, relation, row_id, field, before, after)
SELECT 'count_differs', 'pools', t.id, 'participants_count', t.before::text, t.after::text FROM target AS t JOIN changed AS c ON c.id = t.id;

WITH target AS (
    SELECT p.id, p.status AS before, keeper.app_status(d.status) AS after
      FROM pk_found AS f JOIN public.pools AS p ON f.subject = 'pool ' || p.id JOIN keeper.draws AS d ON d.app_id = p.id
     WHERE f.fix = 'status'
), changed AS (
    UPDATE public.pools AS p SET status = t.after FROM target AS t WHERE p.id = t.id AND p.status = t.before RETURNING p.id
)
INSERT INTO keeper.integrity_fixes (name, relation, row_id, field, before, after)
SELECT 'status_differs', 'pools', t.id, 'status', t.before, t.after FROM target AS t JOIN changed AS c ON c.id = t.id;

SELECT format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', subject) FROM pk_found WHERE fix = 'setval' ORDER BY subject \gexec
SELECT format('INSERT INTO keeper.integrity_fixes (name, relation, field, before, after)
               SELECT %L, %L, %L, pg_sequence_last_value(%L::regclass), m.id FROM (SELECT max(id) FROM %s) AS m (id)
                WHERE coalesce(pg_sequence_last_value(%L::regclass), 0) < m.id',
              name, split_part(subject, '.', 2), 'id', pg_get_serial_sequence(subject, 'id'), subject, pg_get_serial_sequence(subject, 'id'))
  FROM pk_found WHERE fix = 'setval' ORDER BY subject \gexec
-- setval alone stays when its transaction does not, and the row that says so goes; after RESTART the whole sequence is the transaction's.
SELECT format('ALTER SEQUENCE %s RESTART', s.name), format('DO %L', format('BEGIN PERFORM setval(%L, %s); END', s.name, f.after))
  FROM keeper.integrity_fixes AS f, pg_get_serial_sequence('public.' || f.relation, f.field) AS s (name)
 WHERE f.fixed_at = now() AND f.field = 'id' ORDER BY f.id \gexec

SELECT format('event=integrity_fixed check=%s subject="%s%s" field=%s before=%s after=%s', name, relation, ' ' || row_id, field, coalesce(before, 'null'), after)
  FROM keeper.integrity_fixes WHERE fixed_at = now() ORDER BY id;
