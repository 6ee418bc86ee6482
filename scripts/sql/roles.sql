-- What the two roles may do in schemas keeper and public, and nothing else there: everything they had is taken away and given anew.
-- Rights on the tables of off-chain sources are given by those.
-- Run inside a transaction. Tables that this version has not got yet, or not any more, are passed over.
CREATE TEMPORARY TABLE pk_grants ON COMMIT DROP AS
SELECT g.grantee, to_regclass(g.name) AS object, g.privileges
  FROM (VALUES
    -- The daemon. Ledgers have no DELETE: what was signed, answered, called and paid stays.
    ('poolkeeper', 'keeper.audits', '{SELECT,INSERT,UPDATE}'::text[]),
    ('poolkeeper', 'keeper.audit_queue', '{SELECT}'),
    ('poolkeeper', 'keeper.bindings', '{SELECT,INSERT,UPDATE}'),
    ('poolkeeper', 'keeper.call_gaps', '{SELECT,INSERT,UPDATE}'),
    ('poolkeeper', 'keeper.calls', '{SELECT,INSERT,UPDATE}'),
    ('poolkeeper', 'keeper.census', '{SELECT,INSERT,UPDATE}'),
    ('poolkeeper', 'keeper.certificates', '{SELECT,INSERT}'),
    ('poolkeeper', 'keeper.commits', '{SELECT,INSERT,UPDATE}'),
    ('poolkeeper', 'keeper.discoveries', '{SELECT,INSERT,UPDATE}'),
    ('poolkeeper', 'keeper.discovery', '{SELECT,INSERT}'),
    ('poolkeeper', 'keeper.draws', '{SELECT,INSERT,UPDATE}'),
    ('poolkeeper', 'keeper.foreign_signatures', '{SELECT,INSERT,UPDATE}'),
    ('poolkeeper', 'keeper.lease', '{SELECT,UPDATE}'),
    ('poolkeeper', 'keeper.leftovers', '{SELECT,INSERT,UPDATE,DELETE}'),
    ('poolkeeper', 'keeper.mismatches', '{SELECT,INSERT,UPDATE}'),
    ('poolkeeper', 'keeper.notices', '{SELECT,INSERT}'),
    ('poolkeeper', 'keeper.offchain_draws', '{SELECT,INSERT,UPDATE}'),
    ('poolkeeper', 'keeper.offchain_entries', '{SELECT,INSERT}'),
    ('poolkeeper', 'keeper.offchain_picks', '{SELECT,INSERT}'),
    ('poolkeeper', 'keeper.offchain_refusals', '{SELECT,INSERT}'),
    ('poolkeeper', 'keeper.offchain_rules', '{SELECT,INSERT}'),
    ('poolkeeper', 'keeper.offchain_waits', '{SELECT,INSERT,UPDATE,DELETE}'),
    ('poolkeeper', 'keeper.pool_proofs', '{SELECT,INSERT,UPDATE}'),
    ('poolkeeper', 'keeper.referral_payouts', '{SELECT,INSERT,UPDATE}'),
    ('poolkeeper', 'keeper.referral_periods', '{SELECT,INSERT,UPDATE}'),
    ('poolkeeper', 'keeper.referral_shares', '{SELECT,INSERT}'),
    ('poolkeeper', 'keeper.schema_migrations', '{SELECT}'),
    ('poolkeeper', 'keeper.sponsored', '{SELECT,INSERT,UPDATE,DELETE}'),
    ('poolkeeper', 'keeper.steps', '{SELECT,INSERT,UPDATE}'),
    ('poolkeeper', 'keeper.submissions', '{SELECT,UPDATE,DELETE}'),
    ('poolkeeper', 'keeper.vrf_keys', '{SELECT,INSERT,UPDATE}'),
    ('poolkeeper', 'keeper.watermarks', '{SELECT,INSERT,UPDATE}'),
    ('poolkeeper', 'public.notifications', '{SELECT,INSERT,UPDATE}'),
    ('poolkeeper', 'public.participants', '{SELECT,INSERT,UPDATE}'),
    ('poolkeeper', 'public.pool_chat_messages', '{SELECT,DELETE}'),
    ('poolkeeper', 'public.pools', '{SELECT,INSERT,UPDATE}'),
    ('poolkeeper', 'public.profiles', '{SELECT}'),
    ('poolkeeper', 'public.referral_claims', '{SELECT,UPDATE}'),
    ('poolkeeper', 'public.referral_relations', '{SELECT}'),
    ('poolkeeper', 'public.referral_reward_events', '{SELECT,INSERT}'),
    ('poolkeeper', 'public.referral_rewards', '{SELECT,INSERT,UPDATE}'),
    ('poolkeeper', 'public.sponsored_participants', '{SELECT}'),
    ('poolkeeper', 'public.transactions', '{SELECT,INSERT}'),
    ('poolkeeper', 'public.used_transactions', '{SELECT,INSERT,DELETE}'),
    ('poolkeeper', 'public.winners_feed', '{SELECT,INSERT}'),
    -- Somebody who looks: the journal, of the app what every visitor sees anyway, and what `explain` decides on.
    ('poolkeeper_ro', 'public.participants', '{SELECT}'),
    ('poolkeeper_ro', 'public.pools', '{SELECT}'),
    ('poolkeeper_ro', 'public.sponsored_participants', '{SELECT}'),
    ('poolkeeper_ro', 'public.transactions', '{SELECT}'),
    ('poolkeeper_ro', 'public.used_transactions', '{SELECT}'),
    ('poolkeeper_ro', 'public.winners_feed', '{SELECT}')
  ) AS g (grantee, name, privileges)
UNION ALL
SELECT 'poolkeeper_ro', c.oid, '{SELECT}'
  FROM pg_class AS c WHERE c.relnamespace = to_regnamespace('keeper') AND c.relkind IN ('r', 'v');
DELETE FROM pk_grants WHERE object IS NULL;
-- A row cannot be inserted without the next number of its serial column.
INSERT INTO pk_grants
SELECT g.grantee, d.objid, '{USAGE}'
  FROM pk_grants AS g JOIN pg_depend AS d ON d.refobjid = g.object AND d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
                                         AND d.deptype = 'a'
  JOIN pg_class AS s ON s.oid = d.objid AND s.relkind = 'S'
 WHERE 'INSERT' = ANY (g.privileges);

-- Only what there is: a GRANT that changes nothing would still need the right to give it.
SELECT format('REVOKE ALL ON %s %s FROM %s', CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, c.oid::regclass, a.grantee::regrole)
  FROM pg_class AS c CROSS JOIN LATERAL aclexplode(c.relacl) AS a
 WHERE a.grantee IN (SELECT oid FROM pg_roles WHERE rolname IN ('poolkeeper', 'poolkeeper_ro'))
   AND c.relnamespace IN (to_regnamespace('keeper'), to_regnamespace('public'))
 GROUP BY c.oid, c.relkind, a.grantee \gexec
SELECT format('GRANT %s ON %s %s TO %s', array_to_string(g.privileges, ', '), CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, g.object, g.grantee)
  FROM pk_grants AS g JOIN pg_class AS c ON c.oid = g.object \gexec
GRANT USAGE ON SCHEMA keeper, public TO poolkeeper, poolkeeper_ro;
-- These run as their owner.
SELECT format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', p.oid::regprocedure) FROM pg_proc AS p WHERE p.pronamespace = to_regnamespace('keeper') AND p.prosecdef \gexec
SELECT format('GRANT EXECUTE ON FUNCTION %s TO poolkeeper', p.oid::regprocedure)
  FROM pg_proc AS p WHERE p.oid = to_regproc('keeper.audit_seal') \gexec

DO $$
DECLARE
    wrong text;
BEGIN
    SELECT string_agg(format('%s %s %s on %s', r.role, CASE WHEN w.wanted THEN 'lacks' ELSE 'has too much:' END, p.privilege, c.oid::regclass), '; ')
      INTO wrong
      FROM pg_class AS c
     CROSS JOIN (VALUES ('poolkeeper'), ('poolkeeper_ro')) AS r (role)
     CROSS JOIN unnest('{SELECT,INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER}'::text[]) AS p (privilege)
     CROSS JOIN LATERAL (SELECT EXISTS (SELECT FROM pk_grants AS g WHERE g.grantee = r.role AND g.object = c.oid AND p.privilege = ANY (g.privileges))) AS w (wanted)
     WHERE c.relnamespace IN (to_regnamespace('keeper'), to_regnamespace('public')) AND c.relkind IN ('r', 'p', 'v', 'm')
       AND w.wanted <> has_table_privilege(r.role, c.oid, p.privilege);
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION '%', wrong USING HINT = 'run it as the owner of these tables; what a role has too much it has through PUBLIC or another role';
    END IF;
    SELECT string_agg(format('%s may create in schema %s', r.role, n.nspname), '; ') INTO wrong
      FROM pg_namespace AS n CROSS JOIN (VALUES ('poolkeeper'), ('poolkeeper_ro')) AS r (role)
     WHERE n.nspname IN ('keeper', 'public') AND has_schema_privilege(r.role, n.oid, 'CREATE');
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION '%', wrong USING HINT = 'REVOKE CREATE ON SCHEMA public FROM PUBLIC, as new databases have it';
    END IF;
END
$$;

-- A statement that nobody waits for any more must end by itself; the daemon's own limit is 60 s at most. These are settings of the role in this
-- database, which a dump does not hold. Other values are somebody's choice and stay. Where the owner may not alter the role it is said.
DO $$
DECLARE
    v_limit record;
BEGIN
    FOR v_limit IN
        SELECT l.name, l.value FROM (VALUES ('statement_timeout', '65s'), ('idle_in_transaction_session_timeout', '15s')) AS l (name, value)
         WHERE NOT EXISTS (SELECT FROM pg_db_role_setting AS s JOIN pg_database AS d ON d.oid = s.setdatabase CROSS JOIN unnest(s.setconfig) AS c
                            WHERE d.datname = current_database() AND s.setrole = 'poolkeeper'::regrole AND c LIKE l.name || '=%')
    LOOP
        EXECUTE format('ALTER ROLE poolkeeper IN DATABASE %I SET %I = %L', current_database(), v_limit.name, v_limit.value);
    END LOOP;
EXCEPTION WHEN insufficient_privilege THEN NULL;
END
$$;
SELECT format('level=warn event=role_without_limits why="statements of poolkeeper have no time limit in this database: as a superuser ALTER ROLE poolkeeper IN DATABASE %I SET statement_timeout = ''65s''"',
              current_database())
 WHERE NOT EXISTS (SELECT FROM pg_db_role_setting AS s JOIN pg_database AS d ON d.oid = s.setdatabase CROSS JOIN unnest(s.setconfig) AS c
                    WHERE d.datname = current_database() AND s.setrole = 'poolkeeper'::regrole AND c LIKE 'statement_timeout=%');
