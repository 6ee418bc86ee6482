-- Takes V006 back: what was found on the chain is found again; rows in schema public stay.
DROP FUNCTION IF EXISTS keeper.census_done, keeper.census_found, keeper.census_unknown, keeper.census_begin;
DROP FUNCTION IF EXISTS keeper.creator_binds, keeper.list_discovered, keeper.list_one, keeper.discover, keeper.undiscovered,
    keeper.app_row;
CREATE OR REPLACE FUNCTION keeper.open_pools(p_after_id bigint)
RETURNS TABLE (app_id integer, address text, status text, agrees boolean)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    WITH open_draws AS MATERIALIZED (
        SELECT d.app_id, d.address, d.draw FROM keeper.draws d WHERE NOT d.over
        UNION
        SELECT d.app_id, d.address, d.draw FROM keeper.steps s JOIN keeper.draws d ON d.draw = s.subject
         WHERE s.state IN ('open', 'landed', 'stale')
    )
    SELECT p.id AS app_id, p.pool_address, p.status, true
      FROM public.pools p
     WHERE p.id > p_after_id AND p.pool_address IS NOT NULL
       AND (p.status NOT IN ('ended', 'cancelled', 'closed') OR p.id IN (SELECT o.app_id FROM open_draws o))
    UNION ALL
    SELECT (-1 - abs(hashtext(o.draw)::bigint) % 2000000000)::integer, o.address, 'unknown', true
      FROM open_draws o
     WHERE p_after_id = 0
       AND NOT EXISTS (SELECT FROM public.pools p
                        WHERE p.pool_address = o.address AND (p.id = o.app_id OR p.status NOT IN ('ended', 'cancelled', 'closed')))
     ORDER BY app_id
$$;
DROP TABLE IF EXISTS keeper.census, keeper.discoveries, keeper.discovery;
DROP INDEX IF EXISTS keeper.steps_binds, keeper.draws_creator;
ALTER TABLE keeper.draws DROP COLUMN IF EXISTS no;
DO $$
BEGIN
    IF to_regclass('keeper.schema_migrations') IS NOT NULL THEN
        DELETE FROM keeper.schema_migrations WHERE version = '006';
    END IF;
END
$$;
