-- Old marks are deleted in small batches: what a transaction did stays in keeper.calls, and its age alone refuses a replay.

CREATE FUNCTION keeper.retain(p_fence bigint, p_after_id bigint, p_keep_s bigint, p_age_limit_s bigint, p_batch integer)
RETURNS TABLE (deleted bigint, last_id bigint, more boolean)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET lock_timeout = '1500ms' AS $$
DECLARE
    -- used_at has no time zone: a day covers them all. Whatever the settings say, what a submission could still name stays.
    v_keep   interval := greatest(p_keep_s, p_age_limit_s + 86400) * interval '1 second';
    v_cutoff timestamp := (clock_timestamp() AT TIME ZONE 'UTC') - v_keep;
    v_seen   bigint;
    v_last   timestamp;
    v_more   bigint;
BEGIN
    PERFORM keeper.hold(p_fence);
    -- In the order of ids, which is that of insertion: this needs no index but the key, and a batch never looks at more rows.
    SELECT count(*), max(w.id), (array_agg(w.used_when ORDER BY w.id DESC))[1] INTO v_seen, last_id, v_last
      FROM (SELECT u.id, coalesce(u.used_at, u.created_at) AS used_when FROM public.used_transactions u
             WHERE u.id > p_after_id ORDER BY u.id LIMIT p_batch) w;
    DELETE FROM public.used_transactions u
     WHERE u.id > p_after_id AND u.id <= last_id AND coalesce(u.used_at, u.created_at) < v_cutoff;
    GET DIAGNOSTICS deleted = ROW_COUNT;
    DELETE FROM keeper.submissions s
     WHERE s.id IN (SELECT o.id FROM keeper.submissions o ORDER BY o.id LIMIT p_batch)
       AND s.settled AND s.answered_at < clock_timestamp() - v_keep;
    GET DIAGNOSTICS v_more = ROW_COUNT;
    deleted := deleted + v_more;
    last_id := coalesce(last_id, p_after_id);
    more := v_seen = p_batch AND coalesce(v_last < v_cutoff, true) OR v_more = p_batch;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION keeper.retain IS 'One batch of used_transactions with id > after_id and of submissions: what is older than kept is deleted. more: the next batch may have some, too.';
