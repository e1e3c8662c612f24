-- Name: vector; Type: EXTENSION; Schema: -; Owner: -

CREATE EXTENSION IF NOT EXISTS vector WITH SCHEMA public;

-- Name: EXTENSION vector; Type: COMMENT; Schema: -; Owner: -

COMMENT ON EXTENSION vector IS 'vector data type and ivfflat and hnsw access methods';

-- Name: add_person(text, text, boolean); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.add_person(name text, verifier text, is_admin boolean DEFAULT false) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $_$
BEGIN
  PERFORM demand_lab_admin();
  PERFORM demand_verifier(verifier);
  IF name IS NULL OR name !~ '^[a-z0-9][a-z0-9_.@-]{0,62}$' OR name ~ '^(pg_|earmark_)' OR name IN ('public', 'none') THEN
    RAISE EXCEPTION 'a person cannot have this name' USING ERRCODE = 'invalid_name';
  END IF;
  IF EXISTS (SELECT FROM pg_roles r WHERE r.rolname = name) OR EXISTS (SELECT FROM person p WHERE p.person = name) THEN
    RAISE EXCEPTION 'the name % is taken', name USING ERRCODE = 'duplicate_object';
  END IF;
  PERFORM close_doors();
  EXECUTE format('CREATE ROLE %I LOGIN INHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD %L',
    name, verifier);
  INSERT INTO person (person, is_admin) VALUES (name, coalesce(add_person.is_admin, false));
  PERFORM fit_group(name);
  PERFORM log_admin_act('add_person', name, NULL, jsonb_build_object('is_admin', coalesce(add_person.is_admin, false)));
END $_$;

-- Name: add_project(text, jsonb); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.add_project(name text, recipe jsonb) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
  made int;
BEGIN
  PERFORM demand_lab_admin();
  INSERT INTO project AS p (name, recipe) VALUES (add_project.name, add_project.recipe) ON CONFLICT DO NOTHING
    RETURNING p.project_id INTO made;
  IF made IS NULL THEN
    RAISE EXCEPTION 'the name % is taken', name USING ERRCODE = 'unique_violation';
  END IF;
  PERFORM log_admin_act('add_project', NULL, name, '{}');
  RETURN made;
END $$;

-- Name: add_tally(integer, text, text, bigint, bigint); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.add_tally(of_project integer, of_facet text, of_key text, more bigint, more_us bigint) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
DECLARE
  chosen bigint;
BEGIN
  IF more = 0 AND more_us = 0 THEN
    RETURN;
  END IF;
  SELECT t.tally_id INTO chosen FROM tally t
  WHERE t.project_id = of_project AND t.facet = of_facet AND t.key = of_key LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED;
  IF FOUND THEN
    UPDATE tally t SET n = t.n + more, duration_us = t.duration_us + more_us WHERE t.tally_id = chosen;
  ELSE
    INSERT INTO tally (project_id, facet, key, n, duration_us) VALUES (of_project, of_facet, of_key, more, more_us);
  END IF;
END $$;

-- Name: check_also(); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.check_also() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
  IF EXISTS (SELECT x FROM unnest(NEW.also_label_ids) x GROUP BY x HAVING count(*) > 1 OR NOT EXISTS (
    SELECT FROM label l WHERE l.project_id = NEW.project_id AND l.label_id = x)
  ) THEN
    RAISE EXCEPTION 'what else sounds in a clip are labels of its project, each once' USING ERRCODE = 'foreign_key_violation';
  END IF;
  RETURN NEW;
END $$;

-- Name: check_supersedes(); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.check_supersedes() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
BEGIN
  IF NEW.supersedes IS NOT NULL AND NOT EXISTS (
    SELECT FROM annotation a WHERE a.annotation_id = NEW.supersedes AND a.project_id = NEW.project_id
      AND a.clip_id = NEW.clip_id AND a.author = session_user
  ) THEN
    RAISE EXCEPTION 'an annotation supersedes only one by the same person on the same clip'
      USING ERRCODE = 'foreign_key_violation';
  END IF;
  IF NEW.source = 'human' THEN
    -- Two tabs of one person may answer at the same moment; a snapshot from before the lock would hide the other's answer.
    IF current_setting('transaction_isolation') <> 'read committed' THEN
      RAISE EXCEPTION 'answers are given in transactions that read what is committed' USING ERRCODE = 'invalid_transaction_state';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtext('annotation ' || session_user), hashint8(NEW.clip_id));
    NEW.supersedes := coalesce((
      SELECT a.annotation_id FROM annotation a
      WHERE a.project_id = NEW.project_id AND a.clip_id = NEW.clip_id AND a.author = session_user AND a.source = 'human'
        AND a.annotation_id <> NEW.annotation_id
        AND NOT EXISTS (SELECT FROM annotation later WHERE later.supersedes = a.annotation_id)
      ORDER BY a.created_at DESC LIMIT 1), NEW.supersedes);
  END IF;
  RETURN NEW;
END $$;

-- Name: check_verdict(); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.check_verdict() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM verdict v WHERE v.verdict_id = NEW.supersedes AND v.project_id = NEW.project_id
                 AND v.clip_id = NEW.clip_id AND v.author = session_user AND v.verdict <> 'withdrawn') THEN
    RAISE EXCEPTION 'a verdict is taken back by who gave it, on the same clip' USING ERRCODE = 'foreign_key_violation';
  END IF;
  RETURN NEW;
END $$;

-- Name: claim_reviews(integer, integer, bigint[], integer, integer); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.claim_reviews(project_id integer, n integer, have bigint[], minutes integer, label_id integer DEFAULT NULL::integer) RETURNS TABLE(clip_id bigint, recording_name text, start_s double precision, duration_s double precision, rate_hz integer, reason text, proposed_label text, proposed_confidence real)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $_$
#variable_conflict use_column
BEGIN
  PERFORM demand_duty($1, 'annotator');
  RETURN QUERY
  WITH next AS (
    SELECT v.review_id FROM review v
    WHERE v.project_id = $1 AND v.state = 'open' AND v.clip_id <> ALL (coalesce($3, '{}'))
      AND (v.claimed_by IS NULL OR v.claimed_by = session_user OR v.claimed_until < clock_timestamp())
      AND session_user <> ALL (v.skipped_by) AND session_user <> ALL (v.answered_by)
      AND ($5 IS NULL OR v.proposed_label_id = $5 AND v.proposed_confidence IS NOT NULL AND v.answered_by = '{}')
    -- No limit at all is what LIMIT NULL means.
    ORDER BY CASE WHEN $5 IS NOT NULL THEN -v.proposed_confidence END, v.position, v.review_id
    LIMIT least(greatest(coalesce($2, 0), 0), 200) FOR UPDATE SKIP LOCKED
  ), claimed AS (
    UPDATE review v SET claimed_by = session_user,
      claimed_until = clock_timestamp() + make_interval(mins => least(greatest(coalesce($4, 1), 1), 240))
    FROM next WHERE v.review_id = next.review_id
    RETURNING v.position, v.review_id, v.clip_id, v.reason, v.proposed_label_id, v.proposed_confidence,
      v.answered_by <> '{}' AS is_blind
  ), assigned AS (
    INSERT INTO assignment (clip_id, person, project_id) SELECT k.clip_id, session_user, $1 FROM claimed k
    ON CONFLICT DO NOTHING
  )
  SELECT k.clip_id, r.name, c.start_sample::float8 / r.rate_hz, c.duration_s, c.rate_hz, k.reason,
    CASE WHEN NOT k.is_blind THEN l.name END, CASE WHEN NOT k.is_blind THEN k.proposed_confidence END
  FROM claimed k JOIN clip c USING (clip_id) JOIN recording r USING (recording_id)
  LEFT JOIN label l ON l.label_id = k.proposed_label_id
  ORDER BY CASE WHEN $5 IS NOT NULL THEN -k.proposed_confidence END, k.position, k.review_id;
END $_$;

-- Name: close_doors(); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.close_doors() RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
  here text := current_database();
  other text;
BEGIN
  EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', here);
  EXECUTE format('GRANT CONNECT ON DATABASE %I TO earmark_annotator', here);
  FOR other IN SELECT datname FROM pg_database
               WHERE datname IN ('postgres', 'template1') AND has_database_privilege('public', datname, 'CONNECT')
  LOOP
    BEGIN
      EXECUTE format('REVOKE CONNECT, TEMPORARY ON DATABASE %I FROM PUBLIC', other);
    EXCEPTION WHEN insufficient_privilege THEN
      RAISE NOTICE 'anybody may still connect to database %: only its owner can change that', other;
    END;
  END LOOP;
END $$;

-- Name: count_waiting(integer); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.count_waiting(project_id integer) RETURNS bigint
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $_$
BEGIN
  PERFORM demand_duty($1, 'annotator');
  RETURN (
    SELECT count(*) FROM review v
    WHERE v.project_id = $1 AND v.state = 'open' AND session_user <> ALL (v.skipped_by)
      AND session_user <> ALL (v.answered_by)
      AND (v.claimed_by IS NULL OR v.claimed_by = session_user OR v.claimed_until < clock_timestamp()));
END $_$;

-- Name: demand_duty(integer, text); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.demand_duty(project_id integer, at_least text) RETURNS void
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $_$
BEGIN
  IF $1 IS NULL OR $1 <> ALL (my_projects(at_least)) THEN
    RAISE EXCEPTION '% has not the duty % in this project', session_user, at_least USING ERRCODE = 'insufficient_privilege';
  END IF;
END $_$;

-- Name: demand_lab_admin(); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.demand_lab_admin() RETURNS void
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
  IF is_lab_admin() IS NOT TRUE THEN
    RAISE EXCEPTION '% is not a lab admin', session_user USING ERRCODE = 'insufficient_privilege';
  END IF;
END $$;

-- Name: demand_person(text); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.demand_person(name text) RETURNS void
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM person p WHERE p.person = name AND p.removed_at IS NULL) THEN
    RAISE EXCEPTION 'no person of the name %', name USING ERRCODE = 'undefined_object';
  END IF;
END $$;

-- Name: demand_verifier(text); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.demand_verifier(verifier text) RETURNS void
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
BEGIN
  IF verifier IS NULL OR verifier !~ '^SCRAM-SHA-256\$[0-9]+:[A-Za-z0-9+/=]+\$[A-Za-z0-9+/=]+:[A-Za-z0-9+/=]+$' THEN
    RAISE EXCEPTION 'a password comes as its SCRAM verifier' USING ERRCODE = 'invalid_parameter_value';
  END IF;
END $_$;

-- Name: duty_rank(text); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.duty_rank(duty text) RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  SELECT array_position(ARRAY['annotator', 'reviewer', 'researcher', 'admin'], duty)
$$;

-- Name: erase_project(integer, text); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.erase_project(project_id integer, name_again text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $_$
DECLARE
  left_over regclass[] := (
    SELECT array_agg(c.oid::regclass) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attname = 'project_id' AND NOT a.attisdropped);
  next regclass;
  n bigint;
  n_rows jsonb := '{}';
  people text[] := (SELECT array_agg(m.person) FROM member m WHERE m.project_id = $1);
  who text;
BEGIN
  PERFORM demand_lab_admin();
  IF name_again IS NULL OR NOT EXISTS (SELECT FROM project p WHERE p.project_id = $1 AND p.name = name_again) THEN
    RAISE EXCEPTION 'the project has another name' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  PERFORM set_config('earmark.erasing', 'on', true);
  WHILE cardinality(left_over) > 0 LOOP
    -- A table that none of the others refers to.
    SELECT t INTO STRICT next FROM unnest(left_over) t
    WHERE NOT EXISTS (SELECT FROM pg_constraint f WHERE f.contype = 'f' AND f.confrelid = t AND f.conrelid <> t
                      AND f.conrelid = ANY (left_over))
    LIMIT 1;
    EXECUTE format('DELETE FROM %s WHERE project_id = %s', next, $1);
    GET DIAGNOSTICS n = ROW_COUNT;
    n_rows := n_rows || CASE WHEN n > 0 THEN jsonb_build_object(next::text, n) ELSE '{}' END;
    left_over := array_remove(left_over, next);
  END LOOP;
  PERFORM set_config('earmark.erasing', 'off', true);
  FOREACH who IN ARRAY coalesce(people, '{}') LOOP
    PERFORM fit_group(who);
  END LOOP;
  PERFORM log_admin_act('erase_project', NULL, name_again, jsonb_build_object('n_rows', n_rows));
END $_$;

-- Name: fit_group(text); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.fit_group(who text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
  wanted text := (
    SELECT CASE WHEN p.removed_at IS NOT NULL THEN NULL WHEN p.is_admin THEN 'earmark_admin'
      ELSE 'earmark_' || (ARRAY['annotator', 'reviewer', 'researcher', 'researcher'])[
        (SELECT coalesce(max(duty_rank(m.duty)), 1) FROM member m WHERE m.person = who)] END
    FROM person p WHERE p.person = who);
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['earmark_annotator', 'earmark_reviewer', 'earmark_researcher', 'earmark_admin']
  LOOP
    IF name = wanted THEN
      EXECUTE format('GRANT %I TO %I', name, who);
    ELSIF EXISTS (SELECT FROM pg_auth_members x JOIN pg_roles g ON g.oid = x.roleid JOIN pg_roles m ON m.oid = x.member
                  WHERE g.rolname = name AND m.rolname = who) THEN
      EXECUTE format('REVOKE %I FROM %I', name, who);
    END IF;
  END LOOP;
END $$;

-- Name: fresh_tallies(integer); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.fresh_tallies(of_project integer) RETURNS TABLE(facet text, key text, n bigint, duration_us bigint)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
  WITH standing AS (
    SELECT r.recording_id, r.duration_s FROM recording r WHERE r.project_id = of_project AND r.superseded_at IS NULL
  ), active AS (
    SELECT c.* FROM clip c WHERE c.project_id = of_project AND c.is_active
  ), said AS (
    SELECT DISTINCT a.clip_id, a.source = 'human' AS by_person, coalesce(a.label_id::text, a.answer) AS key
    FROM current_annotation a JOIN active c USING (clip_id)
  ), flagged AS (
    SELECT DISTINCT ON (f.clip_id, f.author) f.is_raised FROM flag f WHERE f.project_id = of_project
    ORDER BY f.clip_id, f.author, f.created_at DESC
  )
  SELECT 'recording', '', count(*), coalesce(sum(in_us(duration_s)), 0)::bigint FROM standing
  UNION ALL SELECT 'cut', '', count(*), 0 FROM cut JOIN standing USING (recording_id) WHERE is_active
  UNION ALL SELECT 'recording problem', p.kind, count(*), 0 FROM problem p JOIN standing USING (recording_id)
    WHERE p.clip_id IS NULL GROUP BY p.kind
  UNION ALL SELECT 'problem recording', '', count(DISTINCT p.recording_id), 0 FROM problem p
    JOIN standing USING (recording_id) WHERE p.clip_id IS NULL AND p.fix IS NULL
  UNION ALL SELECT 'clip problem', p.kind, count(*), 0 FROM problem p JOIN active USING (clip_id) GROUP BY p.kind
  UNION ALL SELECT 'clip', '', count(*), coalesce(sum(in_us(duration_s)), 0)::bigint FROM active
  UNION ALL SELECT 'redundant', '', count(*), coalesce(sum(in_us(duration_s)), 0)::bigint FROM active WHERE is_redundant
  UNION ALL SELECT 'answered', '', count(DISTINCT clip_id), 0 FROM said WHERE by_person
  UNION ALL SELECT 'carried', '', count(DISTINCT clip_id), 0 FROM said WHERE NOT by_person
  UNION ALL SELECT CASE WHEN by_person THEN 'answer' ELSE 'carried answer' END, said.key, count(*), 0 FROM said
    GROUP BY by_person, said.key
  UNION ALL SELECT 'flagged', '', count(*), 0 FROM flagged WHERE is_raised
  UNION ALL SELECT 'embedding', e.encoder_id::text, count(*), 0 FROM embedding e JOIN active USING (clip_id)
    GROUP BY e.encoder_id
  UNION ALL SELECT 'review', v.state, count(*), 0 FROM review v WHERE v.project_id = of_project GROUP BY v.state
  UNION ALL SELECT 'failure', f.error, count(*), 0 FROM failure f
    WHERE f.project_id = of_project AND f.resolved_at IS NULL GROUP BY f.error
  UNION ALL SELECT 'group', '', count(*), 0 FROM duplicate_group g WHERE g.project_id = of_project
  UNION ALL SELECT 'version', '', count(*), 0 FROM dataset_version v WHERE v.project_id = of_project
  UNION ALL SELECT 'selection', i.selection_id::text, count(*), 0 FROM selection_item i
    WHERE i.project_id = of_project GROUP BY i.selection_id
$$;

-- Name: grant_duty(integer, text, text); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.grant_duty(project_id integer, person text, duty text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $_$
DECLARE
  former text;
BEGIN
  PERFORM demand_duty($1, 'admin');
  PERFORM demand_person($2);
  SELECT m.duty INTO former FROM member m WHERE m.project_id = $1 AND m.person = $2;
  INSERT INTO member AS m (project_id, person, duty) VALUES ($1, $2, $3)
    ON CONFLICT ON CONSTRAINT member_pkey DO UPDATE SET duty = excluded.duty;
  PERFORM fit_group($2);
  PERFORM log_admin_act('grant_duty', $2, (SELECT p.name FROM project p WHERE p.project_id = $1),
    jsonb_build_object('duty', $3, 'former', former));
END $_$;

-- Name: hold_run(bigint); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.hold_run(operation_id bigint) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $_$
BEGIN
  IF NOT EXISTS (SELECT FROM operation o WHERE o.operation_id = $1 AND o.author = session_user) THEN
    RAISE EXCEPTION 'this is no run of %', session_user USING ERRCODE = 'insufficient_privilege';
  END IF;
  PERFORM pg_advisory_lock(3746, ($1 % 2147483648)::int);
END $_$;

-- Name: in_us(double precision); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.in_us(duration_s double precision) RETURNS bigint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (round((duration_s * (1000000)::double precision)))::bigint;

-- Name: index_embeddings(integer); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.index_embeddings(encoder_id integer) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $_$
DECLARE
  of record;
  old regclass;
BEGIN
  SELECT e.project_id, e.n_dims INTO of FROM encoder e WHERE e.encoder_id = $1;
  PERFORM demand_duty(of.project_id, 'researcher');
  FOR old IN
    SELECT to_regclass('embedding_near_' || e.encoder_id) FROM encoder e
    WHERE e.project_id = of.project_id AND e.encoder_id <> $1
  LOOP
    IF old IS NOT NULL THEN
      EXECUTE format('DROP INDEX %s', old);
    END IF;
  END LOOP;
  -- The longest vectors that the index takes.
  IF of.n_dims NOT BETWEEN 1 AND 4000 OR to_regclass('embedding_near_' || $1) IS NOT NULL THEN
    RETURN false;
  END IF;
  EXECUTE format('CREATE INDEX %I ON public.embedding USING hnsw ((vector::public.halfvec(%s)) public.halfvec_cosine_ops) '
                 'WHERE encoder_id = %s', 'embedding_near_' || $1, of.n_dims, $1);
  RETURN true;
END $_$;

-- Name: is_assigned(bigint); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.is_assigned(clip_id bigint) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER COST 5 PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $_$
BEGIN
  RETURN EXISTS (SELECT FROM assignment s WHERE s.clip_id = $1 AND s.person = session_user);
END $_$;

-- Name: is_job(jsonb); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.is_job(verbs jsonb) RETURNS boolean
    LANGUAGE sql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
  SELECT jsonb_typeof(verbs) = 'array' AND NOT EXISTS (
    SELECT FROM jsonb_path_query(verbs, '$[*]') line
    WHERE jsonb_typeof(line) <> 'array'
      OR coalesce(line ->> 0, '') <> ALL (ARRAY['ingest', 'cut', 'embed', 'deduplicate', 'select', 'queue', 'augment',
                                                'export', 'release', 'verify', 'train-encoder', 'mislabels',
                                                'progress'])
      OR EXISTS (SELECT FROM jsonb_path_query(line, '$[*]') word
                 WHERE jsonb_typeof(word) <> 'string' OR word #>> '{}' ~ '^(--(workspace|project)(=|$)|-[wp])'))
$_$;

-- Name: is_lab_admin(); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.is_lab_admin() RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
  SELECT pg_has_role(session_user, d.datdba, 'MEMBER')
    OR EXISTS (SELECT FROM person p WHERE p.person = session_user AND p.is_admin AND p.removed_at IS NULL)
  FROM pg_database d WHERE d.datname = current_database()
$$;

-- Name: keep_to_author(); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.keep_to_author() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
  whose text := CASE TG_TABLE_NAME WHEN 'progress' THEN (SELECT o.author FROM operation o
    WHERE o.operation_id = (to_jsonb(NEW) ->> 'operation_id')::bigint) ELSE to_jsonb(NEW) ->> 'author' END;
BEGIN
  IF whose IS DISTINCT FROM session_user AND NEW.project_id <> ALL (my_projects('admin')) THEN
    RAISE EXCEPTION 'this % is of %', TG_TABLE_NAME, whose USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;

-- Name: lock_project(integer); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.lock_project(project_id integer) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $_$
BEGIN
  PERFORM demand_duty($1, 'reviewer');
  PERFORM pg_advisory_xact_lock(3747, $1);
END $_$;

-- Name: log_admin_act(text, text, text, jsonb); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.log_admin_act(act text, person text, project text, detail jsonb) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
  INSERT INTO admin_act (act, person, project, detail) VALUES (act, person, project, detail)
$$;

-- Name: my_duty(integer); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.my_duty(project_id integer) RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $_$
  SELECT CASE WHEN is_lab_admin() THEN 'admin'
    ELSE (SELECT m.duty FROM member m WHERE m.project_id = $1 AND m.person = session_user) END
$_$;

-- Name: my_projects(text); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.my_projects(at_least text) RETURNS integer[]
    LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
  IF is_lab_admin() THEN
    RETURN (SELECT coalesce(array_agg(p.project_id), '{}') FROM project p);
  END IF;
  RETURN (SELECT coalesce(array_agg(m.project_id), '{}') FROM member m
          WHERE m.person = session_user AND duty_rank(m.duty) >= duty_rank(at_least));
END $$;

-- Name: FUNCTION my_projects(at_least text); Type: COMMENT; Schema: public; Owner: -

COMMENT ON FUNCTION public.my_projects(at_least text) IS 'the projects in which who is logged in has at least this duty; policies ask once a statement';

-- Name: my_standing(integer); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.my_standing(project_id integer) RETURNS TABLE(n_compared bigint, n_agreed double precision, n_gold bigint, n_gold_met bigint)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $_$
#variable_conflict use_column
BEGIN
  PERFORM demand_duty($1, 'annotator');
  RETURN QUERY
  WITH mine AS (
    SELECT a.clip_id, a.answer, a.label_id FROM current_annotation a
    WHERE a.project_id = $1 AND a.source = 'human' AND a.author = session_user
  ), compared AS (
    SELECT m.clip_id, avg((o.answer = m.answer AND o.label_id IS NOT DISTINCT FROM m.label_id)::int)::float8 AS share
    FROM mine m JOIN current_annotation o ON o.project_id = $1 AND o.clip_id = m.clip_id
    WHERE o.source = 'human' AND o.author <> session_user
      AND EXISTS (SELECT FROM review v WHERE v.project_id = $1 AND v.clip_id = m.clip_id AND v.state = 'answered')
    GROUP BY m.clip_id
  ), golden AS (
    SELECT DISTINCT ON (g.clip_id) g.clip_id, g.is_gold, g.answer, g.label_id FROM gold g
    WHERE g.project_id = $1 ORDER BY g.clip_id, g.created_at DESC
  ), met AS (
    SELECT (m.answer = g.answer AND m.label_id IS NOT DISTINCT FROM g.label_id) AS is_met
    FROM golden g JOIN mine m USING (clip_id) WHERE g.is_gold
  )
  SELECT (SELECT count(*) FROM compared), (SELECT coalesce(sum(share), 0) FROM compared),
    (SELECT count(*) FROM met), (SELECT count(*) FROM met WHERE is_met);
END $_$;

-- Name: queue_job(bigint, text, text); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.queue_job(job_id bigint, queue text, task text) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'procrastinate', 'pg_catalog', 'pg_temp'
    AS $_$
DECLARE
  queued bigint;
BEGIN
  IF (queue, task) IS DISTINCT FROM ('earmark', 'earmark.carry') OR NOT EXISTS (
    SELECT FROM public.job j WHERE j.job_id = $1 AND j.author = session_user AND j.state = 'waiting' AND j.queue_id IS NULL
  ) THEN
    RAISE EXCEPTION 'no job of this number waits to be queued' USING ERRCODE = 'insufficient_privilege';
  END IF;
  SELECT (procrastinate_defer_jobs_v1(ARRAY[
    ROW(queue, task, 0, NULL, NULL, jsonb_build_object('job_id', $1), NULL)::procrastinate_job_to_defer_v1]))[1] INTO queued;
  UPDATE public.job j SET queue_id = queued WHERE j.job_id = $1;
  RETURN queued;
END $_$;

-- Name: recount(integer); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.recount(of_project integer) RETURNS TABLE(facet text, key text, n_was bigint, n_is bigint, duration_us_was bigint, duration_us_is bigint)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
#variable_conflict use_column
BEGIN
  PERFORM demand_duty(of_project, 'researcher');
  -- Who is adding to a tally is waited for; who comes later waits, and adds to what is counted here.
  LOCK TABLE tally IN SHARE ROW EXCLUSIVE MODE;
  UPDATE clip c SET is_answered = NOT c.is_answered WHERE c.project_id = of_project AND c.is_answered <> EXISTS (
    SELECT FROM current_annotation a WHERE a.project_id = c.project_id AND a.clip_id = c.clip_id AND a.source = 'human');
  RETURN QUERY
  SELECT * FROM (
    SELECT facet, key, coalesce(t.n, 0)::bigint AS n_was, coalesce(f.n, 0)::bigint AS n_is,
      coalesce(t.duration_us, 0)::bigint AS duration_us_was, coalesce(f.duration_us, 0)::bigint AS duration_us_is
    FROM (SELECT x.facet, x.key, sum(x.n) AS n, sum(x.duration_us) AS duration_us FROM tally x
          WHERE x.project_id = of_project GROUP BY x.facet, x.key) t
    FULL JOIN fresh_tallies(of_project) f USING (facet, key)
  ) both_ways WHERE (both_ways.n_was, both_ways.duration_us_was) <> (both_ways.n_is, both_ways.duration_us_is);
  DELETE FROM tally x WHERE x.project_id = of_project;
  INSERT INTO tally (project_id, facet, key, n, duration_us)
  SELECT of_project, f.facet, f.key, f.n, f.duration_us FROM fresh_tallies(of_project) f WHERE f.n <> 0;
END $$;

-- Name: refuse_change(); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
  -- Who sets this without being the owner has no right to delete in the first place.
  IF TG_OP = 'DELETE' AND TG_TABLE_NAME <> 'admin_act' AND current_setting('earmark.erasing', true) = 'on' THEN
    RETURN NULL;
  END IF;
  RAISE EXCEPTION '% is append-only: % refused; add a row that supersedes', TG_TABLE_NAME, TG_OP
    USING ERRCODE = 'insufficient_privilege';
END $$;

-- Name: release_claims(integer, bigint[]); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.release_claims(project_id integer, clip_ids bigint[]) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $_$
DECLARE
  n bigint;
BEGIN
  PERFORM demand_duty($1, 'annotator');
  UPDATE review v SET claimed_by = NULL, claimed_until = NULL
  WHERE v.project_id = $1 AND v.clip_id = ANY ($2) AND v.state = 'open' AND v.claimed_by = session_user;
  GET DIAGNOSTICS n = ROW_COUNT;
  RETURN n;
END $_$;

-- Name: release_run(bigint); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.release_run(operation_id bigint) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $_$
  SELECT pg_advisory_unlock(3746, ($1 % 2147483648)::int)
$_$;

-- Name: remove_person(text); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.remove_person(name text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
  PERFORM demand_lab_admin();
  PERFORM demand_person(name);
  IF name = session_user THEN
    RAISE EXCEPTION 'nobody removes themselves' USING ERRCODE = 'insufficient_privilege';
  END IF;
  EXECUTE format('ALTER ROLE %I NOLOGIN PASSWORD NULL', name);
  UPDATE person SET removed_at = clock_timestamp() WHERE person = name;
  DELETE FROM member WHERE person = name;
  PERFORM fit_group(name);
  UPDATE review SET claimed_by = NULL, claimed_until = NULL WHERE claimed_by = name;
  PERFORM log_admin_act('remove_person', name, NULL, '{}');
  BEGIN
    PERFORM pg_terminate_backend(a.pid) FROM pg_stat_activity a WHERE a.usename = name;
  EXCEPTION WHEN insufficient_privilege THEN
    -- An owner who is no superuser: what is open sees nothing any more, and no new session begins.
    RAISE NOTICE 'sessions of % stay open until they end by themselves', name;
  END;
END $$;

-- Name: revoke_duty(integer, text); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.revoke_duty(project_id integer, person text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $_$
DECLARE
  former text;
BEGIN
  PERFORM demand_duty($1, 'admin');
  DELETE FROM member m WHERE m.project_id = $1 AND m.person = $2 RETURNING m.duty INTO former;
  IF former IS NULL THEN
    RAISE EXCEPTION '% has no duty in this project', $2 USING ERRCODE = 'undefined_object';
  END IF;
  UPDATE review r SET claimed_by = NULL, claimed_until = NULL WHERE r.project_id = $1 AND r.claimed_by = $2;
  PERFORM fit_group($2);
  PERFORM log_admin_act('revoke_duty', $2, (SELECT p.name FROM project p WHERE p.project_id = $1),
    jsonb_build_object('former', former));
END $_$;

-- Name: set_password(text, text); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.set_password(name text, verifier text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
  IF name IS DISTINCT FROM session_user THEN
    PERFORM demand_lab_admin();
  END IF;
  PERFORM demand_person(name);
  PERFORM demand_verifier(verifier);
  EXECUTE format('ALTER ROLE %I PASSWORD %L', name, verifier);
  PERFORM log_admin_act('set_password', name, NULL, '{}');
END $$;

-- Name: settle_review(); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.settle_review() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
BEGIN
  IF NEW.answer = 'withdrawn' THEN
    -- Asked again of the same person, unless others have answered enough.
    UPDATE review v SET answered_by = array_remove(v.answered_by, session_user::text),
      state = CASE WHEN cardinality(array_remove(v.answered_by, session_user::text)) < v.n_wanted
              THEN 'open' ELSE 'answered' END,
      claimed_by = CASE WHEN cardinality(array_remove(v.answered_by, session_user::text)) < v.n_wanted
                   THEN session_user END,
      claimed_until = CASE WHEN cardinality(array_remove(v.answered_by, session_user::text)) < v.n_wanted
                      THEN clock_timestamp() + interval '30 minutes' END
    WHERE v.project_id = NEW.project_id AND v.clip_id = NEW.clip_id
      AND (v.state = 'answered' OR session_user = ANY (v.answered_by));
  ELSE
    -- A reviewer's last word ends the asking. What is answered is held by nobody.
    UPDATE review v SET answered_by = array_append(array_remove(v.answered_by, session_user::text), session_user::text),
      state = CASE WHEN NEW.settles OR cardinality(array_remove(v.answered_by, session_user::text)) + 1 >= v.n_wanted
              THEN 'answered' ELSE 'open' END,
      claimed_by = CASE WHEN NOT NEW.settles AND v.claimed_by <> session_user
                     AND cardinality(array_remove(v.answered_by, session_user::text)) + 1 < v.n_wanted
                   THEN v.claimed_by END,
      claimed_until = CASE WHEN NOT NEW.settles AND v.claimed_by <> session_user
                        AND cardinality(array_remove(v.answered_by, session_user::text)) + 1 < v.n_wanted
                      THEN v.claimed_until END
    WHERE v.project_id = NEW.project_id AND v.clip_id = NEW.clip_id AND v.state = 'open';
  END IF;
  RETURN NULL;
END $$;

-- Name: skip_review(integer, bigint); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.skip_review(project_id integer, clip_id bigint) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $_$
BEGIN
  PERFORM demand_duty($1, 'annotator');
  UPDATE review v SET claimed_by = NULL, claimed_until = NULL, skipped_by = array_append(v.skipped_by, session_user::text)
  WHERE v.project_id = $1 AND v.clip_id = $2 AND v.state = 'open' AND v.claimed_by = session_user
    AND session_user <> ALL (v.skipped_by);
END $_$;

-- Name: stamp_author(); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.stamp_author() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
  NEW.author := session_user;
  NEW.created_at := clock_timestamp();
  RETURN NEW;
END $$;

-- Name: sweep_dead(integer); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.sweep_dead(project_id integer) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $_$
DECLARE
  n bigint;
BEGIN
  PERFORM demand_duty($1, 'annotator');
  INSERT INTO operation_outcome (operation_id, project_id, status, n_input, n_done, n_unchanged, n_failed, message)
  SELECT o.operation_id, o.project_id, 'failed', coalesce(p.n_total, p.n_done + p.n_failed), p.n_done, 0, p.n_failed,
    'the process that ran this ended before it was finished; run it again, it goes on from the last commit'
  FROM operation o JOIN progress p USING (operation_id)
  WHERE o.project_id = $1
    AND NOT EXISTS (SELECT FROM operation_outcome x WHERE x.operation_id = o.operation_id)
    AND NOT EXISTS (
      SELECT FROM pg_locks l
      WHERE l.locktype = 'advisory' AND l.classid = 3746 AND l.objid = (o.operation_id % 2147483648)
        AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()))
  ON CONFLICT (operation_id) DO NOTHING;
  GET DIAGNOSTICS n = ROW_COUNT;
  RETURN n;
END $_$;

-- Name: tally_annotations(); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.tally_annotations() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $_$
BEGIN
  IF EXISTS (SELECT FROM added WHERE source = 'human') THEN
    -- Two people may answer about one clip at the same moment, or a run may rest it: each sees what the other did.
    PERFORM FROM clip c WHERE c.clip_id IN (SELECT clip_id FROM added) ORDER BY c.clip_id FOR NO KEY UPDATE;
    UPDATE clip c SET is_answered = NOT c.is_answered
    WHERE c.clip_id IN (SELECT clip_id FROM added WHERE source = 'human') AND c.is_answered <> EXISTS (
      SELECT FROM annotation a WHERE a.project_id = c.project_id AND a.clip_id = c.clip_id AND a.source = 'human'
        AND a.answer <> 'withdrawn' AND NOT EXISTS (SELECT FROM annotation later WHERE later.supersedes = a.annotation_id));
  END IF;
  -- By index, in a plan that the session keeps; very many at once by hash, planned anew.
  IF (SELECT count(*) FROM (SELECT FROM added LIMIT 50001) few) <= 50000 THEN
    PERFORM add_tally(x.project_id, x.facet, x.key, x.n, 0) FROM (
      WITH said AS MATERIALIZED (
        SELECT v.* FROM (SELECT DISTINCT project_id, clip_id FROM added) n CROSS JOIN LATERAL (
          SELECT a.project_id, a.clip_id, a.source = 'human' AS by_person, coalesce(a.label_id::text, a.answer) AS key,
            max((l.n_later = 0)::int) AS stands,
            max((l.n_later_before = 0 AND a.annotation_id NOT IN (SELECT annotation_id FROM added))::int) AS stood
          FROM clip c JOIN annotation a ON a.project_id = c.project_id AND a.clip_id = c.clip_id CROSS JOIN LATERAL (
            SELECT count(*) AS n_later, count(*) FILTER (
              WHERE later.annotation_id NOT IN (SELECT annotation_id FROM added)) AS n_later_before
            FROM annotation later WHERE later.supersedes = a.annotation_id) l
          WHERE c.clip_id = n.clip_id AND c.project_id = n.project_id AND c.is_active AND a.answer <> 'withdrawn'
          GROUP BY 1, 2, 3, 4) v
      )
      SELECT project_id, CASE WHEN by_person THEN 'answer' ELSE 'carried answer' END AS facet, key, sum(stands - stood) AS n
      FROM said GROUP BY project_id, by_person, key
      UNION ALL SELECT project_id, 'carried', '', sum(stands - stood) FROM (
        SELECT project_id, clip_id, max(stands) AS stands, max(stood) AS stood FROM said WHERE NOT by_person GROUP BY 1, 2
      ) carried GROUP BY project_id
    ) x;
  ELSE
    PERFORM set_config('enable_seqscan', 'on', true);  -- until this function ends
    EXECUTE $count$ SELECT add_tally(x.project_id, x.facet, x.key, x.n, 0) FROM (
      WITH said AS MATERIALIZED (
        SELECT a.project_id, a.clip_id, a.source = 'human' AS by_person, coalesce(a.label_id::text, a.answer) AS key,
          max((l.n_later IS NULL)::int) AS stands,
          max((coalesce(l.n_later_before, 0) = 0 AND own.annotation_id IS NULL)::int) AS stood
        FROM (SELECT DISTINCT project_id, clip_id FROM added) n
        JOIN clip c ON c.project_id = n.project_id AND c.clip_id = n.clip_id
        JOIN annotation a ON a.project_id = n.project_id AND a.clip_id = n.clip_id
        LEFT JOIN (SELECT annotation_id FROM added) own ON own.annotation_id = a.annotation_id
        LEFT JOIN (
          SELECT later.supersedes, count(*) AS n_later, count(*) FILTER (WHERE own.annotation_id IS NULL) AS n_later_before
          FROM annotation later LEFT JOIN (SELECT annotation_id FROM added) own ON own.annotation_id = later.annotation_id
          WHERE later.supersedes IS NOT NULL GROUP BY later.supersedes
        ) l ON l.supersedes = a.annotation_id
        WHERE c.is_active AND a.answer <> 'withdrawn'
        GROUP BY 1, 2, 3, 4
      )
      SELECT project_id, CASE WHEN by_person THEN 'answer' ELSE 'carried answer' END AS facet, key, sum(stands - stood) AS n
      FROM said GROUP BY project_id, by_person, key
      UNION ALL SELECT project_id, 'carried', '', sum(stands - stood) FROM (
        SELECT project_id, clip_id, max(stands) AS stands, max(stood) AS stood FROM said WHERE NOT by_person GROUP BY 1, 2
      ) carried GROUP BY project_id
    ) x $count$;
  END IF;
  RETURN NULL;
END $_$;

-- Name: tally_clips(); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.tally_clips() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $_$
BEGIN
  IF TG_OP = 'INSERT' THEN
    -- Nobody has spoken of a new clip yet.
    PERFORM add_tally(x.project_id, f.facet, '', f.n, f.duration_us) FROM (
      SELECT project_id, count(*) AS n, sum(in_us(duration_s))::bigint AS duration_us,
        count(*) FILTER (WHERE is_redundant) AS n_redundant,
        coalesce(sum(in_us(duration_s)) FILTER (WHERE is_redundant), 0)::bigint AS redundant_us
      FROM now_rows WHERE is_active GROUP BY project_id
    ) x CROSS JOIN LATERAL (VALUES ('clip', x.n, x.duration_us), ('redundant', x.n_redundant, x.redundant_us))
      f (facet, n, duration_us);
    RETURN NULL;
  END IF;
  PERFORM add_tally(x.project_id, f.facet, '', f.n, f.duration_us) FROM (
    SELECT project_id, sum(sign) AS n, sum(sign * in_us(duration_s))::bigint AS duration_us,
      coalesce(sum(sign) FILTER (WHERE is_redundant), 0) AS n_redundant,
      coalesce(sum(sign * in_us(duration_s)) FILTER (WHERE is_redundant), 0)::bigint AS redundant_us,
      coalesce(sum(sign) FILTER (WHERE is_answered), 0) AS n_answered
    FROM (
      SELECT project_id, duration_s, is_redundant, is_answered, 1 AS sign FROM now_rows WHERE is_active
      UNION ALL SELECT project_id, duration_s, is_redundant, is_answered, -1 FROM former_rows WHERE is_active
    ) active GROUP BY project_id
  ) x CROSS JOIN LATERAL (VALUES ('clip', x.n, x.duration_us), ('redundant', x.n_redundant, x.redundant_us),
    ('answered', x.n_answered, 0)) f (facet, n, duration_us);
  IF (SELECT sum(is_active::int) FROM now_rows) = (SELECT sum(is_active::int) FROM former_rows) AND NOT EXISTS (
    SELECT FROM (SELECT clip_id, is_active FROM now_rows EXCEPT SELECT clip_id, is_active FROM former_rows) turned
  ) THEN
    RETURN NULL;
  END IF;
  -- What was said, found and computed of a clip counts as long as the clip is active.
  EXECUTE $count$ SELECT add_tally(x.project_id, x.facet, x.key, x.n::bigint, 0) FROM (
    WITH turned AS MATERIALIZED (
      SELECT project_id, clip_id, recording_id, sum(sign) AS sign FROM (
        SELECT project_id, clip_id, recording_id, 1 AS sign FROM now_rows WHERE is_active
        UNION ALL SELECT project_id, clip_id, recording_id, -1 FROM former_rows WHERE is_active
      ) active GROUP BY project_id, clip_id, recording_id HAVING sum(sign) <> 0
    ), said AS (
      SELECT DISTINCT t.project_id, t.clip_id, t.sign, a.source = 'human' AS by_person,
        coalesce(a.label_id::text, a.answer) AS key
      FROM turned t JOIN current_annotation a ON a.project_id = t.project_id AND a.clip_id = t.clip_id
    )
    SELECT project_id, CASE WHEN by_person THEN 'answer' ELSE 'carried answer' END AS facet, key, sum(sign) AS n
    FROM said GROUP BY project_id, by_person, key
    UNION ALL SELECT project_id, 'carried', '', sum(sign)
    FROM (SELECT DISTINCT project_id, clip_id, sign FROM said WHERE NOT by_person) carried GROUP BY project_id
    UNION ALL SELECT t.project_id, 'clip problem', p.kind, sum(t.sign)
    FROM turned t JOIN problem p ON p.recording_id = t.recording_id AND p.clip_id = t.clip_id GROUP BY t.project_id, p.kind
    UNION ALL SELECT t.project_id, 'embedding', e.encoder_id::text, sum(t.sign)
    FROM turned t JOIN encoder n USING (project_id)
    JOIN embedding e ON e.encoder_id = n.encoder_id AND e.clip_id = t.clip_id GROUP BY t.project_id, e.encoder_id
  ) x $count$;
  RETURN NULL;
END $_$;

-- Name: tally_cuts(); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.tally_cuts() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $_$
BEGIN
  IF TG_OP = 'INSERT' THEN
    EXECUTE $count$ SELECT add_tally(c.project_id, 'cut', '', count(*), 0) FROM now_rows c JOIN recording r USING (recording_id)
    WHERE c.is_active AND r.superseded_at IS NULL GROUP BY c.project_id $count$;
  ELSE
    EXECUTE $count$ SELECT add_tally(c.project_id, 'cut', '', sum(c.sign), 0) FROM (
      SELECT project_id, recording_id, 1 AS sign FROM now_rows WHERE is_active
      UNION ALL SELECT project_id, recording_id, -1 FROM former_rows WHERE is_active
    ) c JOIN recording r USING (recording_id) WHERE r.superseded_at IS NULL GROUP BY c.project_id $count$;
  END IF;
  RETURN NULL;
END $_$;

-- Name: tally_embeddings(); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.tally_embeddings() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $_$
BEGIN
  EXECUTE $count$ SELECT add_tally(e.project_id, 'embedding', e.encoder_id::text, $1 * count(*), 0)
  FROM changed e JOIN clip c USING (clip_id) WHERE c.is_active GROUP BY e.project_id, e.encoder_id $count$ USING CASE WHEN TG_OP = 'INSERT' THEN 1 ELSE -1 END;
  RETURN NULL;
END $_$;

-- Name: tally_failures(); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.tally_failures() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    PERFORM add_tally(project_id, 'failure', error, count(*), 0) FROM now_rows WHERE resolved_at IS NULL
    GROUP BY project_id, error;
  ELSE
    PERFORM add_tally(x.project_id, 'failure', x.error, sum(x.sign), 0) FROM (
      SELECT project_id, error, 1 AS sign FROM now_rows WHERE resolved_at IS NULL
      UNION ALL SELECT project_id, error, -1 FROM former_rows WHERE resolved_at IS NULL
    ) x GROUP BY x.project_id, x.error;
  END IF;
  RETURN NULL;
END $$;

-- Name: tally_flags(); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.tally_flags() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
BEGIN
  PERFORM FROM clip c WHERE c.clip_id IN (SELECT clip_id FROM added) ORDER BY c.clip_id FOR NO KEY UPDATE;
  PERFORM add_tally(n.project_id, 'flagged', '', sum(v.stands - v.stood), 0)
  FROM (SELECT DISTINCT project_id, clip_id, author FROM added) n CROSS JOIN LATERAL (SELECT
    coalesce((SELECT f.is_raised::int FROM flag f
      WHERE f.project_id = n.project_id AND f.clip_id = n.clip_id AND f.author = n.author
      ORDER BY f.created_at DESC LIMIT 1), 0) AS stands,
    coalesce((SELECT f.is_raised::int FROM flag f
      WHERE f.project_id = n.project_id AND f.clip_id = n.clip_id AND f.author = n.author
        AND f.flag_id NOT IN (SELECT flag_id FROM added)
      ORDER BY f.created_at DESC LIMIT 1), 0) AS stood) v
  GROUP BY n.project_id;
  RETURN NULL;
END $$;

-- Name: tally_problems(); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.tally_problems() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $_$
DECLARE
  sign int := CASE WHEN TG_OP = 'INSERT' THEN 1 ELSE -1 END;
BEGIN
  EXECUTE $count$ SELECT add_tally(x.project_id, x.facet, x.kind, $1 * x.n, 0) FROM (
    SELECT p.project_id, 'clip problem' AS facet, p.kind, count(*) AS n FROM changed p JOIN clip c USING (clip_id)
    WHERE c.is_active GROUP BY p.project_id, p.kind
    UNION ALL SELECT p.project_id, 'recording problem', p.kind, count(*) FROM changed p JOIN recording r USING (recording_id)
    WHERE p.clip_id IS NULL AND r.superseded_at IS NULL GROUP BY p.project_id, p.kind
    -- The first of its problems that nothing mends, or the last.
    UNION ALL SELECT p.project_id, 'problem recording', '', count(DISTINCT p.recording_id) FROM changed p
    JOIN recording r USING (recording_id)
    WHERE p.clip_id IS NULL AND p.fix IS NULL AND r.superseded_at IS NULL AND NOT EXISTS (
      SELECT FROM problem other WHERE other.recording_id = p.recording_id AND other.clip_id IS NULL AND other.fix IS NULL
        AND other.problem_id NOT IN (SELECT problem_id FROM changed))
    GROUP BY p.project_id
  ) x $count$ USING sign;
  RETURN NULL;
END $_$;

-- Name: tally_recordings(); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.tally_recordings() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $_$
BEGIN
  IF TG_OP = 'INSERT' THEN
    PERFORM add_tally(project_id, 'recording', '', count(*), sum(in_us(duration_s))::bigint)
    FROM now_rows WHERE superseded_at IS NULL GROUP BY project_id;
    RETURN NULL;
  END IF;
  EXECUTE $count$ SELECT add_tally(x.project_id, x.facet, x.key, x.n, x.duration_us) FROM (
    WITH turned AS MATERIALIZED (
      SELECT project_id, recording_id, max(duration_s) AS duration_s, sum(sign) AS sign FROM (
        SELECT project_id, recording_id, duration_s, 1 AS sign FROM now_rows WHERE superseded_at IS NULL
        UNION ALL SELECT project_id, recording_id, duration_s, -1 FROM former_rows WHERE superseded_at IS NULL
      ) standing GROUP BY project_id, recording_id HAVING sum(sign) <> 0
    )
    SELECT project_id, 'recording' AS facet, '' AS key, sum(sign)::bigint AS n,
      sum(sign * in_us(duration_s))::bigint AS duration_us
    FROM turned GROUP BY project_id
    UNION ALL SELECT t.project_id, 'cut', '', sum(t.sign)::bigint, 0 FROM turned t JOIN cut c USING (recording_id)
    WHERE c.is_active GROUP BY t.project_id
    UNION ALL SELECT t.project_id, 'recording problem', p.kind, sum(t.sign)::bigint, 0 FROM turned t
    JOIN problem p USING (recording_id) WHERE p.clip_id IS NULL GROUP BY t.project_id, p.kind
    UNION ALL SELECT t.project_id, 'problem recording', '', sum(t.sign)::bigint, 0 FROM turned t
    WHERE EXISTS (SELECT FROM problem p WHERE p.recording_id = t.recording_id AND p.clip_id IS NULL AND p.fix IS NULL)
    GROUP BY t.project_id
  ) x $count$;
  RETURN NULL;
END $_$;

-- Name: tally_reviews(); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.tally_reviews() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    PERFORM add_tally(project_id, 'review', state, count(*), 0) FROM now_rows GROUP BY project_id, state;
  ELSIF TG_OP = 'DELETE' THEN
    PERFORM add_tally(project_id, 'review', state, -count(*), 0) FROM former_rows GROUP BY project_id, state;
  ELSE
    PERFORM add_tally(x.project_id, 'review', x.state, sum(x.sign), 0) FROM (
      SELECT project_id, state, 1 AS sign FROM now_rows UNION ALL SELECT project_id, state, -1 FROM former_rows
    ) x GROUP BY x.project_id, x.state;
  END IF;
  RETURN NULL;
END $$;

-- Name: tally_rows(); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.tally_rows() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $$
DECLARE
  sign int := CASE WHEN TG_OP = 'INSERT' THEN 1 ELSE -1 END;
BEGIN
  IF TG_ARGV[0] = 'selection' THEN
    PERFORM add_tally(project_id, 'selection', selection_id::text, sign * count(*), 0) FROM changed
    GROUP BY project_id, selection_id;
  ELSE
    PERFORM add_tally(project_id, TG_ARGV[0], '', sign * count(*), 0) FROM changed GROUP BY project_id;
  END IF;
  RETURN NULL;
END $$;

-- Name: waiting_by_proposal(integer); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.waiting_by_proposal(project_id integer) RETURNS TABLE(label_id integer, label text, n bigint, mean_confidence double precision)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'public', 'pg_temp'
    AS $_$
#variable_conflict use_column
BEGIN
  PERFORM demand_duty($1, 'annotator');
  RETURN QUERY
  SELECT l.label_id, l.name, count(*), avg(v.proposed_confidence)::float8
  FROM review v JOIN label l ON l.label_id = v.proposed_label_id
  WHERE v.project_id = $1 AND v.state = 'open' AND v.proposed_confidence IS NOT NULL AND v.answered_by = '{}'
    AND session_user <> ALL (v.skipped_by)
    AND (v.claimed_by IS NULL OR v.claimed_by = session_user OR v.claimed_until < clock_timestamp())
  GROUP BY l.label_id, l.name ORDER BY count(*) DESC, l.name;
END $_$;

-- Name: admin_act; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.admin_act (
    admin_act_id bigint NOT NULL,
    act text NOT NULL,
    person text,
    project text,
    detail jsonb DEFAULT '{}'::jsonb NOT NULL,
    author text DEFAULT SESSION_USER NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT admin_act_act_check CHECK ((act = ANY (ARRAY['add_person'::text, 'remove_person'::text, 'set_password'::text, 'add_project'::text, 'grant_duty'::text, 'revoke_duty'::text, 'erase_project'::text])))
);

-- Name: admin_act_admin_act_id_seq; Type: SEQUENCE; Schema: public; Owner: -

ALTER TABLE public.admin_act ALTER COLUMN admin_act_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.admin_act_admin_act_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

-- Name: annotation; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.annotation (
    annotation_id uuid NOT NULL,
    project_id integer NOT NULL,
    clip_id bigint NOT NULL,
    source text NOT NULL,
    answer text NOT NULL,
    label_id integer,
    confidence real,
    supersedes uuid,
    n_plays integer,
    heard_s real,
    response_ms integer,
    speed real,
    author text DEFAULT SESSION_USER NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    heard_share real,
    picture text,
    screen text,
    settles boolean DEFAULT false NOT NULL,
    also_label_ids integer[] DEFAULT '{}'::integer[] NOT NULL,
    CONSTRAINT annotation_also_check CHECK (((also_label_ids = '{}'::integer[]) OR ((answer = 'label'::text) AND (label_id <> ALL (also_label_ids))))),
    CONSTRAINT annotation_answer_check CHECK ((answer = ANY (ARRAY['label'::text, 'unsure'::text, 'none_of_these'::text, 'bad_audio'::text, 'withdrawn'::text]))),
    CONSTRAINT annotation_check CHECK (((answer = 'label'::text) = (label_id IS NOT NULL))),
    CONSTRAINT annotation_check1 CHECK (((answer <> 'withdrawn'::text) OR (supersedes IS NOT NULL))),
    CONSTRAINT annotation_confidence_check CHECK (((confidence >= (0)::double precision) AND (confidence <= (1)::double precision))),
    CONSTRAINT annotation_heard_s_check CHECK ((heard_s >= (0)::double precision)),
    CONSTRAINT annotation_heard_share_check CHECK (((heard_share >= (0)::double precision) AND (heard_share <= (1)::double precision))),
    CONSTRAINT annotation_n_plays_check CHECK ((n_plays >= 0)),
    CONSTRAINT annotation_picture_check CHECK (((length(picture) >= 1) AND (length(picture) <= 64))),
    CONSTRAINT annotation_response_ms_check CHECK ((response_ms >= 0)),
    CONSTRAINT annotation_screen_check CHECK ((screen = ANY (ARRAY['deck'::text, 'grid'::text, 'flags'::text, 'map'::text]))),
    CONSTRAINT annotation_settles_check CHECK (((NOT settles) OR (source = 'human'::text))),
    CONSTRAINT annotation_source_check CHECK ((source = ANY (ARRAY['human'::text, 'folder'::text, 'file_name'::text, 'csv'::text, 'function'::text, 'model'::text]))),
    CONSTRAINT annotation_speed_check CHECK ((speed > (0)::double precision))
);

-- Name: COLUMN annotation.heard_share; Type: COMMENT; Schema: public; Owner: -

COMMENT ON COLUMN public.annotation.heard_share IS 'which part of the clip sounded at least once before the answer';

-- Name: COLUMN annotation.picture; Type: COMMENT; Schema: public; Owner: -

COMMENT ON COLUMN public.annotation.picture IS 'hash of the spectrogram recipe by which the clip was seen';

-- Name: COLUMN annotation.settles; Type: COMMENT; Schema: public; Owner: -

COMMENT ON COLUMN public.annotation.settles IS 'a reviewer''s last word: it is the consensus, whatever others say';

-- Name: COLUMN annotation.also_label_ids; Type: COMMENT; Schema: public; Owner: -

COMMENT ON COLUMN public.annotation.also_label_ids IS 'what else sounds in the clip, where a project lets a clip have many labels';

-- Name: assignment; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.assignment (
    clip_id bigint NOT NULL,
    person text NOT NULL,
    project_id integer NOT NULL,
    author text DEFAULT SESSION_USER NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

-- Name: augmentation; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.augmentation (
    augmentation_id integer NOT NULL,
    project_id integer NOT NULL,
    name text NOT NULL,
    spec jsonb NOT NULL,
    spec_sha256 bytea NOT NULL,
    operation_id bigint NOT NULL,
    author text DEFAULT SESSION_USER NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT augmentation_name_check CHECK ((name ~ '^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$'::text)),
    CONSTRAINT augmentation_spec_sha256_check CHECK ((length(spec_sha256) = 32))
);

-- Name: COLUMN augmentation.spec; Type: COMMENT; Schema: public; Owner: -

COMMENT ON COLUMN public.augmentation.spec IS 'the chain of augmenters, the seed, how many a clip, of which clips';

-- Name: augmentation_augmentation_id_seq; Type: SEQUENCE; Schema: public; Owner: -

ALTER TABLE public.augmentation ALTER COLUMN augmentation_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.augmentation_augmentation_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

-- Name: augmented_clip; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.augmented_clip (
    augmented_clip_id bigint NOT NULL,
    augmentation_id integer NOT NULL,
    project_id integer NOT NULL,
    clip_id bigint NOT NULL,
    "position" integer NOT NULL,
    spec jsonb NOT NULL,
    seed bigint NOT NULL,
    sha256 bytea NOT NULL,
    rate_hz integer NOT NULL,
    n_channels integer NOT NULL,
    n_samples bigint NOT NULL,
    duration_s double precision GENERATED ALWAYS AS (((n_samples)::double precision / (rate_hz)::double precision)) STORED NOT NULL,
    object_key text,
    author text DEFAULT SESSION_USER NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT augmented_clip_n_samples_check CHECK ((n_samples > 0)),
    CONSTRAINT augmented_clip_position_check CHECK (("position" >= 0)),
    CONSTRAINT augmented_clip_sha256_check CHECK ((length(sha256) = 32))
);

-- Name: COLUMN augmented_clip.clip_id; Type: COMMENT; Schema: public; Owner: -

COMMENT ON COLUMN public.augmented_clip.clip_id IS 'the parent, whose split it shares';

-- Name: COLUMN augmented_clip.object_key; Type: COMMENT; Schema: public; Owner: -

COMMENT ON COLUMN public.augmented_clip.object_key IS 'null until somebody asks for the file to be written';

-- Name: augmented_clip_augmented_clip_id_seq; Type: SEQUENCE; Schema: public; Owner: -

ALTER TABLE public.augmented_clip ALTER COLUMN augmented_clip_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.augmented_clip_augmented_clip_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

-- Name: clip; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.clip (
    clip_id bigint NOT NULL,
    project_id integer NOT NULL,
    recording_id bigint NOT NULL,
    cut_id bigint NOT NULL,
    start_sample bigint NOT NULL,
    stop_sample bigint NOT NULL,
    object_key text NOT NULL,
    sha256 bytea NOT NULL,
    rate_hz integer NOT NULL,
    n_channels integer NOT NULL,
    n_samples bigint NOT NULL,
    duration_s double precision GENERATED ALWAYS AS (((n_samples)::double precision / (rate_hz)::double precision)) STORED NOT NULL,
    peak_dbfs real,
    rms_dbfs real,
    thumbnail bytea NOT NULL,
    is_active boolean DEFAULT true NOT NULL,
    is_redundant boolean DEFAULT false NOT NULL,
    author text DEFAULT SESSION_USER NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    loudness_lufs real,
    snr_db real,
    silence_ratio real,
    clipped_ratio real,
    dc_offset real,
    bandwidth_hz real,
    is_answered boolean DEFAULT false NOT NULL,
    CONSTRAINT clip_bandwidth_hz_check CHECK ((bandwidth_hz >= (0)::double precision)),
    CONSTRAINT clip_check CHECK ((stop_sample > start_sample)),
    CONSTRAINT clip_clipped_ratio_check CHECK (((clipped_ratio >= (0)::double precision) AND (clipped_ratio <= (1)::double precision))),
    CONSTRAINT clip_n_samples_check CHECK ((n_samples > 0)),
    CONSTRAINT clip_sha256_check CHECK ((length(sha256) = 32)),
    CONSTRAINT clip_silence_ratio_check CHECK (((silence_ratio >= (0)::double precision) AND (silence_ratio <= (1)::double precision))),
    CONSTRAINT clip_start_sample_check CHECK ((start_sample >= 0))
);

-- Name: COLUMN clip.start_sample; Type: COMMENT; Schema: public; Owner: -

COMMENT ON COLUMN public.clip.start_sample IS 'in samples of the recording''s own rate; the span is half-open';

-- Name: COLUMN clip.n_samples; Type: COMMENT; Schema: public; Owner: -

COMMENT ON COLUMN public.clip.n_samples IS 'of the conformed audio at rate_hz';

-- Name: COLUMN clip.loudness_lufs; Type: COMMENT; Schema: public; Owner: -

COMMENT ON COLUMN public.clip.loudness_lufs IS 'integrated, ITU-R BS.1770; null for silence and for clips cut before this column';

-- Name: COLUMN clip.snr_db; Type: COMMENT; Schema: public; Owner: -

COMMENT ON COLUMN public.clip.snr_db IS 'estimated: loud frames against the noise floor';

-- Name: COLUMN clip.is_answered; Type: COMMENT; Schema: public; Owner: -

COMMENT ON COLUMN public.clip.is_answered IS 'a person''s answer stands; kept by a trigger on annotation';

-- Name: clip_clip_id_seq; Type: SEQUENCE; Schema: public; Owner: -

ALTER TABLE public.clip ALTER COLUMN clip_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.clip_clip_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

-- Name: consensus; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.consensus (
    clip_id bigint NOT NULL,
    project_id integer NOT NULL,
    answer text NOT NULL,
    label_id integer,
    confidence real NOT NULL,
    n_votes integer NOT NULL,
    is_disputed boolean NOT NULL,
    author text DEFAULT SESSION_USER NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    also_label_ids integer[] DEFAULT '{}'::integer[] NOT NULL,
    CONSTRAINT consensus_answer_check CHECK ((answer = ANY (ARRAY['label'::text, 'unsure'::text, 'none_of_these'::text, 'bad_audio'::text]))),
    CONSTRAINT consensus_check CHECK (((answer = 'label'::text) = (label_id IS NOT NULL)))
);

-- Name: current_annotation; Type: VIEW; Schema: public; Owner: -

CREATE VIEW public.current_annotation WITH (security_invoker='true') AS
 SELECT annotation_id,
    project_id,
    clip_id,
    source,
    answer,
    label_id,
    confidence,
    author,
    created_at,
    settles,
    also_label_ids
   FROM public.annotation a
  WHERE ((answer <> 'withdrawn'::text) AND (NOT (EXISTS ( SELECT
           FROM public.annotation later
          WHERE (later.supersedes = a.annotation_id)))));

-- Name: cut; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.cut (
    cut_id bigint NOT NULL,
    project_id integer NOT NULL,
    recording_id bigint NOT NULL,
    spec jsonb NOT NULL,
    spec_sha256 bytea NOT NULL,
    n_clips integer NOT NULL,
    is_active boolean DEFAULT true NOT NULL,
    operation_id bigint NOT NULL,
    author text DEFAULT SESSION_USER NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

-- Name: cut_cut_id_seq; Type: SEQUENCE; Schema: public; Owner: -

ALTER TABLE public.cut ALTER COLUMN cut_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.cut_cut_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

-- Name: dataset; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.dataset (
    dataset_id integer NOT NULL,
    project_id integer NOT NULL,
    name text NOT NULL,
    author text DEFAULT SESSION_USER NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT dataset_name_check CHECK ((name ~ '^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$'::text))
);

-- Name: dataset_dataset_id_seq; Type: SEQUENCE; Schema: public; Owner: -

ALTER TABLE public.dataset ALTER COLUMN dataset_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.dataset_dataset_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

-- Name: dataset_item; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.dataset_item (
    dataset_version_id bigint NOT NULL,
    clip_id bigint NOT NULL,
    project_id integer NOT NULL,
    split text NOT NULL,
    label text NOT NULL,
    confidence real NOT NULL,
    n_votes integer NOT NULL,
    object_key text NOT NULL,
    sha256 bytea NOT NULL,
    rate_hz integer NOT NULL,
    n_channels integer NOT NULL,
    n_samples bigint NOT NULL,
    recording_uri text NOT NULL,
    start_sample bigint NOT NULL,
    stop_sample bigint NOT NULL,
    split_group text NOT NULL,
    author text DEFAULT SESSION_USER NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    also text[] DEFAULT '{}'::text[] NOT NULL,
    CONSTRAINT dataset_item_split_check CHECK ((split = ANY (ARRAY['train'::text, 'validation'::text, 'test'::text])))
);

-- Name: dataset_version; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.dataset_version (
    dataset_version_id bigint NOT NULL,
    project_id integer NOT NULL,
    dataset_id integer NOT NULL,
    version integer NOT NULL,
    spec jsonb NOT NULL,
    n_items bigint NOT NULL,
    manifest_sha256 bytea NOT NULL,
    operation_id bigint NOT NULL,
    author text DEFAULT SESSION_USER NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT dataset_version_manifest_sha256_check CHECK ((length(manifest_sha256) = 32)),
    CONSTRAINT dataset_version_n_items_check CHECK ((n_items > 0)),
    CONSTRAINT dataset_version_version_check CHECK ((version > 0))
);

-- Name: dataset_version_dataset_version_id_seq; Type: SEQUENCE; Schema: public; Owner: -

ALTER TABLE public.dataset_version ALTER COLUMN dataset_version_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.dataset_version_dataset_version_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

-- Name: duplicate; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.duplicate (
    clip_id bigint NOT NULL,
    project_id integer NOT NULL,
    duplicate_group_id bigint NOT NULL,
    distance real NOT NULL,
    reason text NOT NULL,
    lag_s real NOT NULL,
    author text DEFAULT SESSION_USER NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    finding text NOT NULL,
    overlap_s real,
    CONSTRAINT duplicate_finding_check CHECK ((finding = ANY (ARRAY['identical'::text, 'same recording'::text, 'sounds alike'::text])))
);

-- Name: COLUMN duplicate.lag_s; Type: COMMENT; Schema: public; Owner: -

COMMENT ON COLUMN public.duplicate.lag_s IS 'the clip begins so much later than the clip that distance and reason refer to';

-- Name: COLUMN duplicate.finding; Type: COMMENT; Schema: public; Owner: -

COMMENT ON COLUMN public.duplicate.finding IS 'what connects the clip with its group''s representative when it was found';

-- Name: COLUMN duplicate.overlap_s; Type: COMMENT; Schema: public; Owner: -

COMMENT ON COLUMN public.duplicate.overlap_s IS 'how much of their sound the two share; NULL where nothing was laid on each other';

-- Name: duplicate_decision; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.duplicate_decision (
    duplicate_decision_id bigint NOT NULL,
    project_id integer NOT NULL,
    clip_id bigint NOT NULL,
    decision text NOT NULL,
    author text DEFAULT SESSION_USER NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT duplicate_decision_decision_check CHECK ((decision = ANY (ARRAY['restore'::text, 'mark'::text, 'represent'::text])))
);

-- Name: duplicate_decision_duplicate_decision_id_seq; Type: SEQUENCE; Schema: public; Owner: -

ALTER TABLE public.duplicate_decision ALTER COLUMN duplicate_decision_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.duplicate_decision_duplicate_decision_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

-- Name: duplicate_group; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.duplicate_group (
    duplicate_group_id bigint NOT NULL,
    project_id integer NOT NULL,
    representative_clip_id bigint NOT NULL,
    operation_id bigint NOT NULL,
    author text DEFAULT SESSION_USER NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

-- Name: duplicate_group_duplicate_group_id_seq; Type: SEQUENCE; Schema: public; Owner: -

ALTER TABLE public.duplicate_group ALTER COLUMN duplicate_group_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.duplicate_group_duplicate_group_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

-- Name: embedding; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.embedding (
    encoder_id integer NOT NULL,
    clip_id bigint NOT NULL,
    project_id integer NOT NULL,
    vector public.halfvec NOT NULL,
    author text DEFAULT SESSION_USER NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

-- Name: encoder; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.encoder (
    encoder_id integer NOT NULL,
    project_id integer NOT NULL,
    spec jsonb NOT NULL,
    spec_sha256 bytea NOT NULL,
    n_dims integer NOT NULL,
    is_current boolean DEFAULT false NOT NULL,
    author text DEFAULT SESSION_USER NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

-- Name: encoder_encoder_id_seq; Type: SEQUENCE; Schema: public; Owner: -

ALTER TABLE public.encoder ALTER COLUMN encoder_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.encoder_encoder_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

-- Name: failure; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.failure (
    failure_id bigint NOT NULL,
    project_id integer NOT NULL,
    operation_id bigint NOT NULL,
    stage text NOT NULL,
    item text NOT NULL,
    error text NOT NULL,
    message text NOT NULL,
    n_attempts integer DEFAULT 1 NOT NULL,
    resolved_at timestamp with time zone,
    author text DEFAULT SESSION_USER NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

-- Name: failure_failure_id_seq; Type: SEQUENCE; Schema: public; Owner: -

ALTER TABLE public.failure ALTER COLUMN failure_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.failure_failure_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

-- Name: fingerprint; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.fingerprint (
    clip_id bigint NOT NULL,
    project_id integer NOT NULL,
    method text NOT NULL,
    marks bytea NOT NULL,
    author text DEFAULT SESSION_USER NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT fingerprint_method_check CHECK ((method <> ''::text))
);
ALTER TABLE ONLY public.fingerprint ALTER COLUMN marks SET STORAGE EXTERNAL;

-- Name: flag; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.flag (
    flag_id uuid NOT NULL,
    project_id integer NOT NULL,
    clip_id bigint NOT NULL,
    is_raised boolean NOT NULL,
    author text DEFAULT SESSION_USER NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

-- Name: gold; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.gold (
    gold_id uuid NOT NULL,
    project_id integer NOT NULL,
    clip_id bigint NOT NULL,
    is_gold boolean NOT NULL,
    answer text,
    label_id integer,
    author text DEFAULT SESSION_USER NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT gold_answer_check CHECK ((answer = ANY (ARRAY['label'::text, 'none_of_these'::text]))),
    CONSTRAINT gold_check CHECK ((is_gold = (answer IS NOT NULL))),
    CONSTRAINT gold_check1 CHECK (((NOT (answer IS DISTINCT FROM 'label'::text)) = (label_id IS NOT NULL)))
);

-- Name: job; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.job (
    job_id bigint NOT NULL,
    project_id integer NOT NULL,
    verbs jsonb NOT NULL,
    source_id integer,
    queue_id bigint,
    state text DEFAULT 'waiting'::text NOT NULL,
    is_cancel_asked boolean DEFAULT false NOT NULL,
    n_verbs_done integer DEFAULT 0 NOT NULL,
    n_attempts integer DEFAULT 0 NOT NULL,
    results jsonb DEFAULT '[]'::jsonb NOT NULL,
    message text,
    worker text,
    retry_at timestamp with time zone,
    began_at timestamp with time zone,
    ended_at timestamp with time zone,
    author text DEFAULT SESSION_USER NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT job_state_check CHECK ((state = ANY (ARRAY['waiting'::text, 'running'::text, 'done'::text, 'failed'::text, 'cancelled'::text]))),
    CONSTRAINT job_verbs_check CHECK ((jsonb_array_length(verbs) > 0))
);

-- Name: COLUMN job.verbs; Type: COMMENT; Schema: public; Owner: -

COMMENT ON COLUMN public.job.verbs IS 'command lines without the program''s name: [["ingest", "/nas/birds"], ["cut"]]';

-- Name: COLUMN job.author; Type: COMMENT; Schema: public; Owner: -

COMMENT ON COLUMN public.job.author IS 'the submitter, whose rights the job has';

-- Name: job_job_id_seq; Type: SEQUENCE; Schema: public; Owner: -

ALTER TABLE public.job ALTER COLUMN job_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.job_job_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

-- Name: label; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.label (
    label_id integer NOT NULL,
    project_id integer NOT NULL,
    name text NOT NULL,
    "position" integer NOT NULL,
    author text DEFAULT SESSION_USER NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT label_name_check CHECK ((name <> ''::text))
);

-- Name: label_label_id_seq; Type: SEQUENCE; Schema: public; Owner: -

ALTER TABLE public.label ALTER COLUMN label_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.label_label_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

-- Name: map_point; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.map_point (
    encoder_id integer NOT NULL,
    clip_id bigint NOT NULL,
    project_id integer NOT NULL,
    x real NOT NULL,
    y real NOT NULL,
    author text DEFAULT SESSION_USER NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

-- Name: member; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.member (
    project_id integer NOT NULL,
    person text NOT NULL,
    duty text NOT NULL,
    author text DEFAULT SESSION_USER NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT member_duty_check CHECK ((duty = ANY (ARRAY['annotator'::text, 'reviewer'::text, 'researcher'::text, 'admin'::text])))
);

-- Name: operation; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.operation (
    operation_id bigint NOT NULL,
    project_id integer NOT NULL,
    action text NOT NULL,
    spec jsonb NOT NULL,
    author text DEFAULT SESSION_USER NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    job_id bigint
);

-- Name: operation_operation_id_seq; Type: SEQUENCE; Schema: public; Owner: -

ALTER TABLE public.operation ALTER COLUMN operation_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.operation_operation_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

-- Name: operation_outcome; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.operation_outcome (
    operation_id bigint NOT NULL,
    project_id integer NOT NULL,
    status text NOT NULL,
    n_input bigint NOT NULL,
    n_done bigint NOT NULL,
    n_unchanged bigint NOT NULL,
    n_failed bigint NOT NULL,
    detail jsonb DEFAULT '{}'::jsonb NOT NULL,
    message text,
    author text DEFAULT SESSION_USER NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT operation_outcome_check CHECK (((status <> 'done'::text) OR (n_input = (n_done + n_failed)))),
    CONSTRAINT operation_outcome_status_check CHECK ((status = ANY (ARRAY['done'::text, 'failed'::text, 'cancelled'::text])))
);

-- Name: person; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.person (
    person text NOT NULL,
    is_admin boolean DEFAULT false NOT NULL,
    removed_at timestamp with time zone,
    author text DEFAULT SESSION_USER NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

-- Name: COLUMN person.is_admin; Type: COMMENT; Schema: public; Owner: -

COMMENT ON COLUMN public.person.is_admin IS 'lab admin: makes people and projects, and is admin of every project';

-- Name: COLUMN person.removed_at; Type: COMMENT; Schema: public; Owner: -

COMMENT ON COLUMN public.person.removed_at IS 'cannot log in any more; the name stays theirs, so that an author is always one person';

-- Name: problem; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.problem (
    problem_id bigint NOT NULL,
    project_id integer NOT NULL,
    recording_id bigint NOT NULL,
    clip_id bigint,
    kind text NOT NULL,
    message text NOT NULL,
    fix text,
    author text DEFAULT SESSION_USER NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

-- Name: problem_problem_id_seq; Type: SEQUENCE; Schema: public; Owner: -

ALTER TABLE public.problem ALTER COLUMN problem_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.problem_problem_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

-- Name: progress; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.progress (
    operation_id bigint NOT NULL,
    project_id integer NOT NULL,
    stage text NOT NULL,
    n_done bigint NOT NULL,
    n_failed bigint NOT NULL,
    n_total bigint,
    is_cancel_asked boolean DEFAULT false NOT NULL,
    stage_began_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    cursor bigint
);

-- Name: COLUMN progress.cursor; Type: COMMENT; Schema: public; Owner: -

COMMENT ON COLUMN public.progress.cursor IS 'the key of the last item of the last commit: where a run that died goes on';

-- Name: project; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.project (
    project_id integer NOT NULL,
    name text NOT NULL,
    recipe jsonb NOT NULL,
    truth_uri text,
    author text DEFAULT SESSION_USER NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT project_name_check CHECK ((name ~ '^[A-Za-z0-9][A-Za-z0-9 _.-]{0,62}$'::text))
);

-- Name: COLUMN project.truth_uri; Type: COMMENT; Schema: public; Owner: -

COMMENT ON COLUMN public.project.truth_uri IS 'a demo corpus'' planted truth, so that screens can say how much was found';

-- Name: project_project_id_seq; Type: SEQUENCE; Schema: public; Owner: -

ALTER TABLE public.project ALTER COLUMN project_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.project_project_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

-- Name: queue_plan; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.queue_plan (
    project_id integer NOT NULL,
    strategy jsonb NOT NULL,
    selection text,
    is_live boolean DEFAULT true NOT NULL,
    audit_share real NOT NULL,
    overlap_share real NOT NULL,
    n_people smallint NOT NULL,
    ranked_at timestamp with time zone,
    operation_id bigint NOT NULL,
    author text DEFAULT SESSION_USER NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT queue_plan_audit_share_check CHECK (((audit_share >= (0)::double precision) AND (audit_share <= (1)::double precision))),
    CONSTRAINT queue_plan_n_people_check CHECK (((n_people >= 2) AND (n_people <= 20))),
    CONSTRAINT queue_plan_overlap_share_check CHECK (((overlap_share >= (0)::double precision) AND (overlap_share <= (1)::double precision)))
);

-- Name: COLUMN queue_plan.audit_share; Type: COMMENT; Schema: public; Owner: -

COMMENT ON COLUMN public.queue_plan.audit_share IS 'share of the questions drawn by lot, from which the honest estimates come';

-- Name: COLUMN queue_plan.overlap_share; Type: COMMENT; Schema: public; Owner: -

COMMENT ON COLUMN public.queue_plan.overlap_share IS 'share of the clips that n_people people are asked about';

-- Name: recording; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.recording (
    recording_id bigint NOT NULL,
    project_id integer NOT NULL,
    uri text NOT NULL,
    name text NOT NULL,
    size_bytes bigint NOT NULL,
    mtime_ns bigint NOT NULL,
    file_sha256 bytea NOT NULL,
    pcm_sha256 bytea NOT NULL,
    container text NOT NULL,
    codec text NOT NULL,
    rate_hz integer NOT NULL,
    n_channels integer NOT NULL,
    n_samples bigint NOT NULL,
    claimed_n_samples bigint,
    bit_depth integer,
    duration_s double precision GENERATED ALWAYS AS (((n_samples)::double precision / (rate_hz)::double precision)) STORED NOT NULL,
    peak_dbfs real,
    rms_dbfs real,
    clipped_ratio real NOT NULL,
    dc_offset real NOT NULL,
    n_not_finite bigint NOT NULL,
    source_group text,
    superseded_at timestamp with time zone,
    operation_id bigint NOT NULL,
    author text DEFAULT SESSION_USER NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    bandwidth_hz real,
    n_dropped_samples bigint,
    vanished_at timestamp with time zone,
    source_id integer,
    CONSTRAINT recording_bandwidth_hz_check CHECK ((bandwidth_hz >= (0)::double precision)),
    CONSTRAINT recording_file_sha256_check CHECK ((length(file_sha256) = 32)),
    CONSTRAINT recording_n_channels_check CHECK ((n_channels > 0)),
    CONSTRAINT recording_n_dropped_samples_check CHECK ((n_dropped_samples >= 0)),
    CONSTRAINT recording_n_samples_check CHECK ((n_samples > 0)),
    CONSTRAINT recording_pcm_sha256_check CHECK ((length(pcm_sha256) = 32)),
    CONSTRAINT recording_rate_hz_check CHECK ((rate_hz > 0))
);

-- Name: COLUMN recording.superseded_at; Type: COMMENT; Schema: public; Owner: -

COMMENT ON COLUMN public.recording.superseded_at IS 'when the file at this place was seen to hold something else';

-- Name: COLUMN recording.bandwidth_hz; Type: COMMENT; Schema: public; Owner: -

COMMENT ON COLUMN public.recording.bandwidth_hz IS 'up to here the sound really reaches; far below half the rate: up-sampled';

-- Name: COLUMN recording.n_dropped_samples; Type: COMMENT; Schema: public; Owner: -

COMMENT ON COLUMN public.recording.n_dropped_samples IS 'in runs of exact zeros within sound: the recorder lost them';

-- Name: COLUMN recording.vanished_at; Type: COMMENT; Schema: public; Owner: -

COMMENT ON COLUMN public.recording.vanished_at IS 'when its source was looked at and it was no longer there';

-- Name: recording_label; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.recording_label (
    recording_id bigint NOT NULL,
    project_id integer NOT NULL,
    label_id integer NOT NULL,
    source text NOT NULL,
    start_sample bigint DEFAULT 0 NOT NULL,
    stop_sample bigint,
    author text DEFAULT SESSION_USER NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT recording_label_check CHECK ((stop_sample > start_sample)),
    CONSTRAINT recording_label_source_check CHECK ((source = ANY (ARRAY['folder'::text, 'file_name'::text, 'csv'::text]))),
    CONSTRAINT recording_label_start_sample_check CHECK ((start_sample >= 0))
);

-- Name: recording_recording_id_seq; Type: SEQUENCE; Schema: public; Owner: -

ALTER TABLE public.recording ALTER COLUMN recording_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.recording_recording_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

-- Name: review; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.review (
    review_id bigint NOT NULL,
    project_id integer NOT NULL,
    clip_id bigint NOT NULL,
    "position" bigint NOT NULL,
    reason text NOT NULL,
    proposed_label_id integer,
    proposed_confidence real,
    state text DEFAULT 'open'::text NOT NULL,
    claimed_by text,
    claimed_until timestamp with time zone,
    skipped_by text[] DEFAULT '{}'::text[] NOT NULL,
    operation_id bigint NOT NULL,
    author text DEFAULT SESSION_USER NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    n_wanted smallint DEFAULT 1 NOT NULL,
    answered_by text[] DEFAULT '{}'::text[] NOT NULL,
    CONSTRAINT review_check CHECK (((claimed_by IS NULL) = (claimed_until IS NULL))),
    CONSTRAINT review_n_wanted_check CHECK ((n_wanted > 0)),
    CONSTRAINT review_state_check CHECK ((state = ANY (ARRAY['open'::text, 'answered'::text])))
);

-- Name: COLUMN review.n_wanted; Type: COMMENT; Schema: public; Owner: -

COMMENT ON COLUMN public.review.n_wanted IS 'how many people are to answer; 32767 asks everybody (a gold clip)';

-- Name: COLUMN review.answered_by; Type: COMMENT; Schema: public; Owner: -

COMMENT ON COLUMN public.review.answered_by IS 'who has answered; nobody of them is asked again, and who follows sees no proposal';

-- Name: review_review_id_seq; Type: SEQUENCE; Schema: public; Owner: -

ALTER TABLE public.review ALTER COLUMN review_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.review_review_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

-- Name: schema_migration; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.schema_migration (
    version integer NOT NULL,
    name text NOT NULL,
    sha256 bytea NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL
);

-- Name: selection; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.selection (
    selection_id integer NOT NULL,
    project_id integer NOT NULL,
    name text NOT NULL,
    spec jsonb NOT NULL,
    operation_id bigint NOT NULL,
    author text DEFAULT SESSION_USER NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT selection_name_check CHECK ((name <> ''::text))
);

-- Name: selection_item; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.selection_item (
    selection_id integer NOT NULL,
    clip_id bigint NOT NULL,
    project_id integer NOT NULL,
    "position" integer NOT NULL,
    reason text NOT NULL,
    author text DEFAULT SESSION_USER NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

-- Name: selection_selection_id_seq; Type: SEQUENCE; Schema: public; Owner: -

ALTER TABLE public.selection ALTER COLUMN selection_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.selection_selection_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

-- Name: source; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.source (
    source_id integer NOT NULL,
    project_id integer NOT NULL,
    uri text NOT NULL,
    label_rules jsonb NOT NULL,
    watch_every_s integer,
    then_verbs jsonb DEFAULT '[]'::jsonb NOT NULL,
    looked_at timestamp with time zone,
    n_files bigint,
    author text DEFAULT SESSION_USER NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT source_uri_check CHECK ((uri <> ''::text)),
    CONSTRAINT source_watch_every_s_check CHECK ((watch_every_s > 0))
);

-- Name: COLUMN source.watch_every_s; Type: COMMENT; Schema: public; Owner: -

COMMENT ON COLUMN public.source.watch_every_s IS 'null: looked at only when a person asks';

-- Name: COLUMN source.then_verbs; Type: COMMENT; Schema: public; Owner: -

COMMENT ON COLUMN public.source.then_verbs IS 'command lines that follow when a look brought something new: [["cut"], ["embed"]]';

-- Name: source_source_id_seq; Type: SEQUENCE; Schema: public; Owner: -

ALTER TABLE public.source ALTER COLUMN source_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.source_source_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

-- Name: suspect; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.suspect (
    project_id integer NOT NULL,
    clip_id bigint NOT NULL,
    "position" integer NOT NULL,
    score real NOT NULL,
    given_label_id integer NOT NULL,
    suggested_label_id integer NOT NULL,
    given_probability real NOT NULL,
    suggested_probability real NOT NULL,
    nearest_given_clip_id bigint,
    nearest_suggested_clip_id bigint,
    n_near smallint NOT NULL,
    n_near_given smallint NOT NULL,
    n_near_suggested smallint NOT NULL,
    reason text NOT NULL,
    operation_id bigint NOT NULL,
    author text DEFAULT SESSION_USER NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

-- Name: COLUMN suspect.n_near; Type: COMMENT; Schema: public; Owner: -

COMMENT ON COLUMN public.suspect.n_near IS 'how many nearest clips were asked; the next two: how many of them have these labels';

-- Name: tally; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.tally (
    tally_id bigint NOT NULL,
    project_id integer NOT NULL,
    facet text NOT NULL,
    key text NOT NULL,
    n bigint NOT NULL,
    duration_us bigint NOT NULL
)
WITH (fillfactor='50');

-- Name: COLUMN tally.key; Type: COMMENT; Schema: public; Owner: -

COMMENT ON COLUMN public.tally.key IS 'a label''s id, a problem''s kind, a review''s state, …; empty where a facet has but one';

-- Name: tally_tally_id_seq; Type: SEQUENCE; Schema: public; Owner: -

ALTER TABLE public.tally ALTER COLUMN tally_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.tally_tally_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

-- Name: verdict; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.verdict (
    verdict_id uuid NOT NULL,
    project_id integer NOT NULL,
    clip_id bigint NOT NULL,
    doubt text NOT NULL,
    verdict text NOT NULL,
    given_label_id integer,
    suggested_label_id integer,
    label_id integer,
    score real,
    supersedes uuid,
    author text DEFAULT SESSION_USER NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT verdict_check CHECK (((verdict = ANY (ARRAY['confirmed'::text, 'relabelled'::text])) = (label_id IS NOT NULL))),
    CONSTRAINT verdict_check1 CHECK (((verdict = 'withdrawn'::text) = (supersedes IS NOT NULL))),
    CONSTRAINT verdict_doubt_check CHECK ((doubt = ANY (ARRAY['suspect'::text, 'flagged'::text, 'disputed'::text]))),
    CONSTRAINT verdict_verdict_check CHECK ((verdict = ANY (ARRAY['confirmed'::text, 'relabelled'::text, 'none_of_these'::text, 'unsure'::text, 'bad_audio'::text, 'withdrawn'::text])))
);

-- Name: admin_act admin_act_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.admin_act
    ADD CONSTRAINT admin_act_pkey PRIMARY KEY (admin_act_id);

-- Name: annotation annotation_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.annotation
    ADD CONSTRAINT annotation_pkey PRIMARY KEY (annotation_id);

-- Name: assignment assignment_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.assignment
    ADD CONSTRAINT assignment_pkey PRIMARY KEY (clip_id, person);

-- Name: augmentation augmentation_of_project; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.augmentation
    ADD CONSTRAINT augmentation_of_project UNIQUE (project_id, augmentation_id);

-- Name: augmentation augmentation_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.augmentation
    ADD CONSTRAINT augmentation_pkey PRIMARY KEY (augmentation_id);

-- Name: augmentation augmentation_project_id_name_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.augmentation
    ADD CONSTRAINT augmentation_project_id_name_key UNIQUE (project_id, name);

-- Name: augmented_clip augmented_clip_augmentation_id_clip_id_position_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.augmented_clip
    ADD CONSTRAINT augmented_clip_augmentation_id_clip_id_position_key UNIQUE (augmentation_id, clip_id, "position");

-- Name: augmented_clip augmented_clip_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.augmented_clip
    ADD CONSTRAINT augmented_clip_pkey PRIMARY KEY (augmented_clip_id);

-- Name: clip clip_cut_id_start_sample_stop_sample_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.clip
    ADD CONSTRAINT clip_cut_id_start_sample_stop_sample_key UNIQUE (cut_id, start_sample, stop_sample);

-- Name: clip clip_of_project; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.clip
    ADD CONSTRAINT clip_of_project UNIQUE (project_id, clip_id);

-- Name: clip clip_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.clip
    ADD CONSTRAINT clip_pkey PRIMARY KEY (clip_id);

-- Name: consensus consensus_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.consensus
    ADD CONSTRAINT consensus_pkey PRIMARY KEY (clip_id);

-- Name: cut cut_of_recording; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.cut
    ADD CONSTRAINT cut_of_recording UNIQUE (project_id, recording_id, cut_id);

-- Name: cut cut_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.cut
    ADD CONSTRAINT cut_pkey PRIMARY KEY (cut_id);

-- Name: cut cut_recording_id_spec_sha256_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.cut
    ADD CONSTRAINT cut_recording_id_spec_sha256_key UNIQUE (recording_id, spec_sha256);

-- Name: dataset_item dataset_item_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.dataset_item
    ADD CONSTRAINT dataset_item_pkey PRIMARY KEY (dataset_version_id, clip_id);

-- Name: dataset dataset_of_project; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.dataset
    ADD CONSTRAINT dataset_of_project UNIQUE (project_id, dataset_id);

-- Name: dataset dataset_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.dataset
    ADD CONSTRAINT dataset_pkey PRIMARY KEY (dataset_id);

-- Name: dataset dataset_project_id_name_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.dataset
    ADD CONSTRAINT dataset_project_id_name_key UNIQUE (project_id, name);

-- Name: dataset_version dataset_version_dataset_id_version_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.dataset_version
    ADD CONSTRAINT dataset_version_dataset_id_version_key UNIQUE (dataset_id, version);

-- Name: dataset_version dataset_version_of_project; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.dataset_version
    ADD CONSTRAINT dataset_version_of_project UNIQUE (project_id, dataset_version_id);

-- Name: dataset_version dataset_version_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.dataset_version
    ADD CONSTRAINT dataset_version_pkey PRIMARY KEY (dataset_version_id);

-- Name: duplicate_decision duplicate_decision_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.duplicate_decision
    ADD CONSTRAINT duplicate_decision_pkey PRIMARY KEY (duplicate_decision_id);

-- Name: duplicate_group duplicate_group_of_project; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.duplicate_group
    ADD CONSTRAINT duplicate_group_of_project UNIQUE (project_id, duplicate_group_id);

-- Name: duplicate_group duplicate_group_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.duplicate_group
    ADD CONSTRAINT duplicate_group_pkey PRIMARY KEY (duplicate_group_id);

-- Name: duplicate duplicate_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.duplicate
    ADD CONSTRAINT duplicate_pkey PRIMARY KEY (clip_id);

-- Name: embedding embedding_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.embedding
    ADD CONSTRAINT embedding_pkey PRIMARY KEY (encoder_id, clip_id);

-- Name: encoder encoder_of_project; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.encoder
    ADD CONSTRAINT encoder_of_project UNIQUE (project_id, encoder_id);

-- Name: encoder encoder_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.encoder
    ADD CONSTRAINT encoder_pkey PRIMARY KEY (encoder_id);

-- Name: encoder encoder_project_id_spec_sha256_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.encoder
    ADD CONSTRAINT encoder_project_id_spec_sha256_key UNIQUE (project_id, spec_sha256);

-- Name: failure failure_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.failure
    ADD CONSTRAINT failure_pkey PRIMARY KEY (failure_id);

-- Name: fingerprint fingerprint_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.fingerprint
    ADD CONSTRAINT fingerprint_pkey PRIMARY KEY (project_id, method, clip_id);

-- Name: flag flag_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.flag
    ADD CONSTRAINT flag_pkey PRIMARY KEY (flag_id);

-- Name: gold gold_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.gold
    ADD CONSTRAINT gold_pkey PRIMARY KEY (gold_id);

-- Name: job job_of_project; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.job
    ADD CONSTRAINT job_of_project UNIQUE (project_id, job_id);

-- Name: job job_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.job
    ADD CONSTRAINT job_pkey PRIMARY KEY (job_id);

-- Name: label label_of_project; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.label
    ADD CONSTRAINT label_of_project UNIQUE (project_id, label_id);

-- Name: label label_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.label
    ADD CONSTRAINT label_pkey PRIMARY KEY (label_id);

-- Name: label label_project_id_name_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.label
    ADD CONSTRAINT label_project_id_name_key UNIQUE (project_id, name);

-- Name: map_point map_point_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.map_point
    ADD CONSTRAINT map_point_pkey PRIMARY KEY (encoder_id, clip_id);

-- Name: member member_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.member
    ADD CONSTRAINT member_pkey PRIMARY KEY (project_id, person);

-- Name: operation operation_of_project; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.operation
    ADD CONSTRAINT operation_of_project UNIQUE (project_id, operation_id);

-- Name: operation_outcome operation_outcome_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.operation_outcome
    ADD CONSTRAINT operation_outcome_pkey PRIMARY KEY (operation_id);

-- Name: operation operation_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.operation
    ADD CONSTRAINT operation_pkey PRIMARY KEY (operation_id);

-- Name: person person_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.person
    ADD CONSTRAINT person_pkey PRIMARY KEY (person);

-- Name: problem problem_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.problem
    ADD CONSTRAINT problem_pkey PRIMARY KEY (problem_id);

-- Name: problem problem_recording_id_clip_id_kind_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.problem
    ADD CONSTRAINT problem_recording_id_clip_id_kind_key UNIQUE NULLS NOT DISTINCT (recording_id, clip_id, kind);

-- Name: progress progress_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.progress
    ADD CONSTRAINT progress_pkey PRIMARY KEY (operation_id);

-- Name: project project_name_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.project
    ADD CONSTRAINT project_name_key UNIQUE (name);

-- Name: project project_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.project
    ADD CONSTRAINT project_pkey PRIMARY KEY (project_id);

-- Name: queue_plan queue_plan_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.queue_plan
    ADD CONSTRAINT queue_plan_pkey PRIMARY KEY (project_id);

-- Name: recording_label recording_label_recording_id_source_label_id_start_sample_s_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.recording_label
    ADD CONSTRAINT recording_label_recording_id_source_label_id_start_sample_s_key UNIQUE NULLS NOT DISTINCT (recording_id, source, label_id, start_sample, stop_sample);

-- Name: recording recording_of_project; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.recording
    ADD CONSTRAINT recording_of_project UNIQUE (project_id, recording_id);

-- Name: recording recording_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.recording
    ADD CONSTRAINT recording_pkey PRIMARY KEY (recording_id);

-- Name: recording recording_project_id_uri_file_sha256_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.recording
    ADD CONSTRAINT recording_project_id_uri_file_sha256_key UNIQUE (project_id, uri, file_sha256);

-- Name: review review_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.review
    ADD CONSTRAINT review_pkey PRIMARY KEY (review_id);

-- Name: schema_migration schema_migration_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.schema_migration
    ADD CONSTRAINT schema_migration_pkey PRIMARY KEY (version);

-- Name: selection_item selection_item_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.selection_item
    ADD CONSTRAINT selection_item_pkey PRIMARY KEY (selection_id, clip_id);

-- Name: selection selection_of_project; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.selection
    ADD CONSTRAINT selection_of_project UNIQUE (project_id, selection_id);

-- Name: selection selection_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.selection
    ADD CONSTRAINT selection_pkey PRIMARY KEY (selection_id);

-- Name: selection selection_project_id_name_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.selection
    ADD CONSTRAINT selection_project_id_name_key UNIQUE (project_id, name);

-- Name: source source_of_project; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.source
    ADD CONSTRAINT source_of_project UNIQUE (project_id, source_id);

-- Name: source source_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.source
    ADD CONSTRAINT source_pkey PRIMARY KEY (source_id);

-- Name: source source_project_id_uri_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.source
    ADD CONSTRAINT source_project_id_uri_key UNIQUE (project_id, uri);

-- Name: suspect suspect_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.suspect
    ADD CONSTRAINT suspect_pkey PRIMARY KEY (project_id, clip_id);

-- Name: tally tally_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.tally
    ADD CONSTRAINT tally_pkey PRIMARY KEY (tally_id);

-- Name: verdict verdict_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.verdict
    ADD CONSTRAINT verdict_pkey PRIMARY KEY (verdict_id);

-- Name: annotation_by_author; Type: INDEX; Schema: public; Owner: -

CREATE INDEX annotation_by_author ON public.annotation USING btree (project_id, author, created_at DESC);

-- Name: annotation_by_clip; Type: INDEX; Schema: public; Owner: -

CREATE INDEX annotation_by_clip ON public.annotation USING btree (project_id, clip_id);

-- Name: annotation_by_label; Type: INDEX; Schema: public; Owner: -

CREATE INDEX annotation_by_label ON public.annotation USING btree (project_id, label_id, clip_id) WHERE (label_id IS NOT NULL);

-- Name: annotation_human_by_time; Type: INDEX; Schema: public; Owner: -

CREATE INDEX annotation_human_by_time ON public.annotation USING btree (project_id, created_at) WHERE (source = 'human'::text);

-- Name: annotation_superseded; Type: INDEX; Schema: public; Owner: -

CREATE INDEX annotation_superseded ON public.annotation USING btree (supersedes) WHERE (supersedes IS NOT NULL);

-- Name: augmented_clip_by_parent; Type: INDEX; Schema: public; Owner: -

CREATE INDEX augmented_clip_by_parent ON public.augmented_clip USING btree (clip_id);

-- Name: clip_answered; Type: INDEX; Schema: public; Owner: -

CREATE INDEX clip_answered ON public.clip USING btree (project_id, clip_id) WHERE (is_active AND is_answered);

-- Name: clip_browse; Type: INDEX; Schema: public; Owner: -

CREATE INDEX clip_browse ON public.clip USING btree (project_id, clip_id) INCLUDE (duration_s, snr_db, loudness_lufs, bandwidth_hz, recording_id, is_answered, is_redundant) WHERE is_active;

-- Name: clip_by_recording; Type: INDEX; Schema: public; Owner: -

CREATE INDEX clip_by_recording ON public.clip USING btree (recording_id, clip_id);

-- Name: clip_redundant; Type: INDEX; Schema: public; Owner: -

CREATE INDEX clip_redundant ON public.clip USING btree (project_id, clip_id) WHERE (is_active AND is_redundant);

-- Name: consensus_by_label; Type: INDEX; Schema: public; Owner: -

CREATE INDEX consensus_by_label ON public.consensus USING btree (project_id, label_id);

-- Name: cut_active; Type: INDEX; Schema: public; Owner: -

CREATE UNIQUE INDEX cut_active ON public.cut USING btree (recording_id) WHERE is_active;

-- Name: cut_by_operation; Type: INDEX; Schema: public; Owner: -

CREATE INDEX cut_by_operation ON public.cut USING btree (operation_id, recording_id);

-- Name: duplicate_by_group; Type: INDEX; Schema: public; Owner: -

CREATE INDEX duplicate_by_group ON public.duplicate USING btree (duplicate_group_id);

-- Name: duplicate_decision_by_clip; Type: INDEX; Schema: public; Owner: -

CREATE INDEX duplicate_decision_by_clip ON public.duplicate_decision USING btree (clip_id, duplicate_decision_id DESC);

-- Name: duplicate_group_by_project; Type: INDEX; Schema: public; Owner: -

CREATE INDEX duplicate_group_by_project ON public.duplicate_group USING btree (project_id, duplicate_group_id);

-- Name: duplicate_group_page; Type: INDEX; Schema: public; Owner: -

CREATE INDEX duplicate_group_page ON public.duplicate USING btree (project_id, duplicate_group_id, distance);

-- Name: encoder_current; Type: INDEX; Schema: public; Owner: -

CREATE UNIQUE INDEX encoder_current ON public.encoder USING btree (project_id) WHERE is_current;

-- Name: failure_by_operation; Type: INDEX; Schema: public; Owner: -

CREATE INDEX failure_by_operation ON public.failure USING btree (operation_id, failure_id);

-- Name: failure_open; Type: INDEX; Schema: public; Owner: -

CREATE UNIQUE INDEX failure_open ON public.failure USING btree (project_id, stage, item) WHERE (resolved_at IS NULL);

-- Name: fingerprint_by_clip; Type: INDEX; Schema: public; Owner: -

CREATE INDEX fingerprint_by_clip ON public.fingerprint USING btree (project_id, clip_id);

-- Name: flag_by_clip; Type: INDEX; Schema: public; Owner: -

CREATE INDEX flag_by_clip ON public.flag USING btree (project_id, clip_id, created_at DESC);

-- Name: gold_by_clip; Type: INDEX; Schema: public; Owner: -

CREATE INDEX gold_by_clip ON public.gold USING btree (project_id, clip_id, created_at DESC);

-- Name: job_by_project; Type: INDEX; Schema: public; Owner: -

CREATE INDEX job_by_project ON public.job USING btree (project_id, job_id DESC);

-- Name: job_open; Type: INDEX; Schema: public; Owner: -

CREATE INDEX job_open ON public.job USING btree (project_id) WHERE (state = ANY (ARRAY['waiting'::text, 'running'::text]));

-- Name: operation_by_author; Type: INDEX; Schema: public; Owner: -

CREATE INDEX operation_by_author ON public.operation USING btree (project_id, author, operation_id DESC);

-- Name: operation_by_job; Type: INDEX; Schema: public; Owner: -

CREATE INDEX operation_by_job ON public.operation USING btree (job_id) WHERE (job_id IS NOT NULL);

-- Name: operation_by_project; Type: INDEX; Schema: public; Owner: -

CREATE INDEX operation_by_project ON public.operation USING btree (project_id, operation_id DESC);

-- Name: problem_by_kind; Type: INDEX; Schema: public; Owner: -

CREATE INDEX problem_by_kind ON public.problem USING btree (project_id, kind);

-- Name: problem_of_clip; Type: INDEX; Schema: public; Owner: -

CREATE INDEX problem_of_clip ON public.problem USING btree (project_id, kind, clip_id) WHERE (clip_id IS NOT NULL);

-- Name: recording_by_group; Type: INDEX; Schema: public; Owner: -

CREATE INDEX recording_by_group ON public.recording USING btree (project_id, source_group, recording_id);

-- Name: recording_by_name; Type: INDEX; Schema: public; Owner: -

CREATE INDEX recording_by_name ON public.recording USING btree (project_id, name COLLATE "C", recording_id);

-- Name: recording_by_operation; Type: INDEX; Schema: public; Owner: -

CREATE INDEX recording_by_operation ON public.recording USING btree (operation_id, recording_id);

-- Name: recording_by_sound; Type: INDEX; Schema: public; Owner: -

CREATE INDEX recording_by_sound ON public.recording USING btree (project_id, pcm_sha256, recording_id);

-- Name: recording_by_source; Type: INDEX; Schema: public; Owner: -

CREATE INDEX recording_by_source ON public.recording USING btree (source_id) WHERE (superseded_at IS NULL);

-- Name: recording_now; Type: INDEX; Schema: public; Owner: -

CREATE UNIQUE INDEX recording_now ON public.recording USING btree (project_id, uri) WHERE (superseded_at IS NULL);

-- Name: review_next; Type: INDEX; Schema: public; Owner: -

CREATE INDEX review_next ON public.review USING btree (project_id, "position", review_id) WHERE (state = 'open'::text);

-- Name: review_one_a_clip; Type: INDEX; Schema: public; Owner: -

CREATE UNIQUE INDEX review_one_a_clip ON public.review USING btree (project_id, clip_id);

-- Name: suspect_in_order; Type: INDEX; Schema: public; Owner: -

CREATE INDEX suspect_in_order ON public.suspect USING btree (project_id, "position");

-- Name: tally_by_facet; Type: INDEX; Schema: public; Owner: -

CREATE INDEX tally_by_facet ON public.tally USING btree (project_id, facet, key);

-- Name: verdict_by_clip; Type: INDEX; Schema: public; Owner: -

CREATE INDEX verdict_by_clip ON public.verdict USING btree (project_id, clip_id, created_at DESC);

-- Name: verdict_superseded; Type: INDEX; Schema: public; Owner: -

CREATE UNIQUE INDEX verdict_superseded ON public.verdict USING btree (supersedes) WHERE (supersedes IS NOT NULL);

-- Name: admin_act append_only; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.admin_act FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();

-- Name: annotation append_only; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.annotation FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();

-- Name: dataset_item append_only; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.dataset_item FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();

-- Name: dataset_version append_only; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.dataset_version FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();

-- Name: duplicate_decision append_only; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.duplicate_decision FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();

-- Name: flag append_only; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.flag FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();

-- Name: gold append_only; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.gold FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();

-- Name: operation append_only; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.operation FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();

-- Name: operation_outcome append_only; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.operation_outcome FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();

-- Name: recording_label append_only; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.recording_label FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();

-- Name: verdict append_only; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.verdict FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();

-- Name: annotation check_also; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER check_also BEFORE INSERT ON public.annotation FOR EACH ROW WHEN ((new.also_label_ids <> '{}'::integer[])) EXECUTE FUNCTION public.check_also();

-- Name: annotation check_supersedes; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER check_supersedes BEFORE INSERT ON public.annotation FOR EACH ROW WHEN (((new.source = 'human'::text) OR (new.supersedes IS NOT NULL))) EXECUTE FUNCTION public.check_supersedes();

-- Name: verdict check_verdict; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER check_verdict BEFORE INSERT ON public.verdict FOR EACH ROW WHEN ((new.supersedes IS NOT NULL)) EXECUTE FUNCTION public.check_verdict();

-- Name: progress keep_to_author; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER keep_to_author BEFORE UPDATE OF stage, n_done, n_failed, n_total, stage_began_at, updated_at, cursor ON public.progress FOR EACH ROW EXECUTE FUNCTION public.keep_to_author();

-- Name: source keep_to_author; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER keep_to_author BEFORE UPDATE OF watch_every_s, then_verbs ON public.source FOR EACH ROW EXECUTE FUNCTION public.keep_to_author();

-- Name: annotation settle_review; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER settle_review AFTER INSERT ON public.annotation FOR EACH ROW WHEN ((new.source = 'human'::text)) EXECUTE FUNCTION public.settle_review();

-- Name: admin_act stamp_author; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER stamp_author BEFORE INSERT ON public.admin_act FOR EACH ROW EXECUTE FUNCTION public.stamp_author();

-- Name: annotation stamp_author; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER stamp_author BEFORE INSERT ON public.annotation FOR EACH ROW EXECUTE FUNCTION public.stamp_author();

-- Name: assignment stamp_author; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER stamp_author BEFORE INSERT ON public.assignment FOR EACH ROW WHEN (((new.author IS DISTINCT FROM SESSION_USER) OR (new.created_at IS DISTINCT FROM now()))) EXECUTE FUNCTION public.stamp_author();

-- Name: augmentation stamp_author; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER stamp_author BEFORE INSERT ON public.augmentation FOR EACH ROW EXECUTE FUNCTION public.stamp_author();

-- Name: augmented_clip stamp_author; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER stamp_author BEFORE INSERT ON public.augmented_clip FOR EACH ROW WHEN (((new.author IS DISTINCT FROM SESSION_USER) OR (new.created_at IS DISTINCT FROM now()))) EXECUTE FUNCTION public.stamp_author();

-- Name: clip stamp_author; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER stamp_author BEFORE INSERT ON public.clip FOR EACH ROW WHEN (((new.author IS DISTINCT FROM SESSION_USER) OR (new.created_at IS DISTINCT FROM now()))) EXECUTE FUNCTION public.stamp_author();

-- Name: consensus stamp_author; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER stamp_author BEFORE INSERT ON public.consensus FOR EACH ROW EXECUTE FUNCTION public.stamp_author();

-- Name: cut stamp_author; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER stamp_author BEFORE INSERT ON public.cut FOR EACH ROW WHEN (((new.author IS DISTINCT FROM SESSION_USER) OR (new.created_at IS DISTINCT FROM now()))) EXECUTE FUNCTION public.stamp_author();

-- Name: dataset stamp_author; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER stamp_author BEFORE INSERT ON public.dataset FOR EACH ROW EXECUTE FUNCTION public.stamp_author();

-- Name: dataset_item stamp_author; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER stamp_author BEFORE INSERT ON public.dataset_item FOR EACH ROW WHEN (((new.author IS DISTINCT FROM SESSION_USER) OR (new.created_at IS DISTINCT FROM now()))) EXECUTE FUNCTION public.stamp_author();

-- Name: dataset_version stamp_author; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER stamp_author BEFORE INSERT ON public.dataset_version FOR EACH ROW EXECUTE FUNCTION public.stamp_author();

-- Name: duplicate stamp_author; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER stamp_author BEFORE INSERT ON public.duplicate FOR EACH ROW EXECUTE FUNCTION public.stamp_author();

-- Name: duplicate_decision stamp_author; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER stamp_author BEFORE INSERT ON public.duplicate_decision FOR EACH ROW EXECUTE FUNCTION public.stamp_author();

-- Name: duplicate_group stamp_author; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER stamp_author BEFORE INSERT ON public.duplicate_group FOR EACH ROW EXECUTE FUNCTION public.stamp_author();

-- Name: embedding stamp_author; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER stamp_author BEFORE INSERT ON public.embedding FOR EACH ROW WHEN (((new.author IS DISTINCT FROM SESSION_USER) OR (new.created_at IS DISTINCT FROM now()))) EXECUTE FUNCTION public.stamp_author();

-- Name: encoder stamp_author; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER stamp_author BEFORE INSERT ON public.encoder FOR EACH ROW EXECUTE FUNCTION public.stamp_author();

-- Name: failure stamp_author; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER stamp_author BEFORE INSERT ON public.failure FOR EACH ROW EXECUTE FUNCTION public.stamp_author();

-- Name: fingerprint stamp_author; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER stamp_author BEFORE INSERT ON public.fingerprint FOR EACH ROW WHEN (((new.author IS DISTINCT FROM SESSION_USER) OR (new.created_at IS DISTINCT FROM now()))) EXECUTE FUNCTION public.stamp_author();

-- Name: flag stamp_author; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER stamp_author BEFORE INSERT ON public.flag FOR EACH ROW EXECUTE FUNCTION public.stamp_author();

-- Name: gold stamp_author; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER stamp_author BEFORE INSERT ON public.gold FOR EACH ROW EXECUTE FUNCTION public.stamp_author();

-- Name: job stamp_author; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER stamp_author BEFORE INSERT ON public.job FOR EACH ROW EXECUTE FUNCTION public.stamp_author();

-- Name: label stamp_author; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER stamp_author BEFORE INSERT ON public.label FOR EACH ROW EXECUTE FUNCTION public.stamp_author();

-- Name: map_point stamp_author; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER stamp_author BEFORE INSERT ON public.map_point FOR EACH ROW WHEN (((new.author IS DISTINCT FROM SESSION_USER) OR (new.created_at IS DISTINCT FROM now()))) EXECUTE FUNCTION public.stamp_author();

-- Name: member stamp_author; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER stamp_author BEFORE INSERT ON public.member FOR EACH ROW EXECUTE FUNCTION public.stamp_author();

-- Name: operation stamp_author; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER stamp_author BEFORE INSERT ON public.operation FOR EACH ROW EXECUTE FUNCTION public.stamp_author();

-- Name: operation_outcome stamp_author; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER stamp_author BEFORE INSERT ON public.operation_outcome FOR EACH ROW EXECUTE FUNCTION public.stamp_author();

-- Name: person stamp_author; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER stamp_author BEFORE INSERT ON public.person FOR EACH ROW EXECUTE FUNCTION public.stamp_author();

-- Name: problem stamp_author; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER stamp_author BEFORE INSERT ON public.problem FOR EACH ROW WHEN (((new.author IS DISTINCT FROM SESSION_USER) OR (new.created_at IS DISTINCT FROM now()))) EXECUTE FUNCTION public.stamp_author();

-- Name: project stamp_author; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER stamp_author BEFORE INSERT ON public.project FOR EACH ROW EXECUTE FUNCTION public.stamp_author();

-- Name: queue_plan stamp_author; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER stamp_author BEFORE INSERT ON public.queue_plan FOR EACH ROW EXECUTE FUNCTION public.stamp_author();

-- Name: recording stamp_author; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER stamp_author BEFORE INSERT ON public.recording FOR EACH ROW WHEN (((new.author IS DISTINCT FROM SESSION_USER) OR (new.created_at IS DISTINCT FROM now()))) EXECUTE FUNCTION public.stamp_author();

-- Name: recording_label stamp_author; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER stamp_author BEFORE INSERT ON public.recording_label FOR EACH ROW WHEN (((new.author IS DISTINCT FROM SESSION_USER) OR (new.created_at IS DISTINCT FROM now()))) EXECUTE FUNCTION public.stamp_author();

-- Name: review stamp_author; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER stamp_author BEFORE INSERT ON public.review FOR EACH ROW EXECUTE FUNCTION public.stamp_author();

-- Name: selection stamp_author; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER stamp_author BEFORE INSERT ON public.selection FOR EACH ROW EXECUTE FUNCTION public.stamp_author();

-- Name: selection_item stamp_author; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER stamp_author BEFORE INSERT ON public.selection_item FOR EACH ROW WHEN (((new.author IS DISTINCT FROM SESSION_USER) OR (new.created_at IS DISTINCT FROM now()))) EXECUTE FUNCTION public.stamp_author();

-- Name: source stamp_author; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER stamp_author BEFORE INSERT ON public.source FOR EACH ROW EXECUTE FUNCTION public.stamp_author();

-- Name: suspect stamp_author; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER stamp_author BEFORE INSERT ON public.suspect FOR EACH ROW EXECUTE FUNCTION public.stamp_author();

-- Name: verdict stamp_author; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER stamp_author BEFORE INSERT ON public.verdict FOR EACH ROW EXECUTE FUNCTION public.stamp_author();

-- Name: annotation tally_added; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER tally_added AFTER INSERT ON public.annotation REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION public.tally_annotations();

-- Name: clip tally_added; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER tally_added AFTER INSERT ON public.clip REFERENCING NEW TABLE AS now_rows FOR EACH STATEMENT EXECUTE FUNCTION public.tally_clips();

-- Name: cut tally_added; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER tally_added AFTER INSERT ON public.cut REFERENCING NEW TABLE AS now_rows FOR EACH STATEMENT EXECUTE FUNCTION public.tally_cuts();

-- Name: dataset_version tally_added; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER tally_added AFTER INSERT ON public.dataset_version REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.tally_rows('version');

-- Name: duplicate_group tally_added; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER tally_added AFTER INSERT ON public.duplicate_group REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.tally_rows('group');

-- Name: embedding tally_added; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER tally_added AFTER INSERT ON public.embedding REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.tally_embeddings();

-- Name: failure tally_added; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER tally_added AFTER INSERT ON public.failure REFERENCING NEW TABLE AS now_rows FOR EACH STATEMENT EXECUTE FUNCTION public.tally_failures();

-- Name: flag tally_added; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER tally_added AFTER INSERT ON public.flag REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION public.tally_flags();

-- Name: problem tally_added; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER tally_added AFTER INSERT ON public.problem REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.tally_problems();

-- Name: recording tally_added; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER tally_added AFTER INSERT ON public.recording REFERENCING NEW TABLE AS now_rows FOR EACH STATEMENT EXECUTE FUNCTION public.tally_recordings();

-- Name: review tally_added; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER tally_added AFTER INSERT ON public.review REFERENCING NEW TABLE AS now_rows FOR EACH STATEMENT EXECUTE FUNCTION public.tally_reviews();

-- Name: selection_item tally_added; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER tally_added AFTER INSERT ON public.selection_item REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.tally_rows('selection');

-- Name: clip tally_changed; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER tally_changed AFTER UPDATE ON public.clip REFERENCING OLD TABLE AS former_rows NEW TABLE AS now_rows FOR EACH STATEMENT EXECUTE FUNCTION public.tally_clips();

-- Name: cut tally_changed; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER tally_changed AFTER UPDATE ON public.cut REFERENCING OLD TABLE AS former_rows NEW TABLE AS now_rows FOR EACH STATEMENT EXECUTE FUNCTION public.tally_cuts();

-- Name: failure tally_changed; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER tally_changed AFTER UPDATE ON public.failure REFERENCING OLD TABLE AS former_rows NEW TABLE AS now_rows FOR EACH STATEMENT EXECUTE FUNCTION public.tally_failures();

-- Name: recording tally_changed; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER tally_changed AFTER UPDATE ON public.recording REFERENCING OLD TABLE AS former_rows NEW TABLE AS now_rows FOR EACH STATEMENT EXECUTE FUNCTION public.tally_recordings();

-- Name: review tally_changed; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER tally_changed AFTER UPDATE ON public.review REFERENCING OLD TABLE AS former_rows NEW TABLE AS now_rows FOR EACH STATEMENT EXECUTE FUNCTION public.tally_reviews();

-- Name: dataset_version tally_removed; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER tally_removed AFTER DELETE ON public.dataset_version REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.tally_rows('version');

-- Name: duplicate_group tally_removed; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER tally_removed AFTER DELETE ON public.duplicate_group REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.tally_rows('group');

-- Name: embedding tally_removed; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER tally_removed AFTER DELETE ON public.embedding REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.tally_embeddings();

-- Name: problem tally_removed; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER tally_removed AFTER DELETE ON public.problem REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.tally_problems();

-- Name: review tally_removed; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER tally_removed AFTER DELETE ON public.review REFERENCING OLD TABLE AS former_rows FOR EACH STATEMENT EXECUTE FUNCTION public.tally_reviews();

-- Name: selection_item tally_removed; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER tally_removed AFTER DELETE ON public.selection_item REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.tally_rows('selection');

-- Name: annotation annotation_clip_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.annotation
    ADD CONSTRAINT annotation_clip_id_fkey FOREIGN KEY (project_id, clip_id) REFERENCES public.clip(project_id, clip_id);

-- Name: annotation annotation_label_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.annotation
    ADD CONSTRAINT annotation_label_id_fkey FOREIGN KEY (project_id, label_id) REFERENCES public.label(project_id, label_id);

-- Name: annotation annotation_supersedes_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.annotation
    ADD CONSTRAINT annotation_supersedes_fkey FOREIGN KEY (supersedes) REFERENCES public.annotation(annotation_id);

-- Name: assignment assignment_clip_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.assignment
    ADD CONSTRAINT assignment_clip_id_fkey FOREIGN KEY (project_id, clip_id) REFERENCES public.clip(project_id, clip_id);

-- Name: assignment assignment_project_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.assignment
    ADD CONSTRAINT assignment_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.project(project_id);

-- Name: augmentation augmentation_operation_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.augmentation
    ADD CONSTRAINT augmentation_operation_id_fkey FOREIGN KEY (project_id, operation_id) REFERENCES public.operation(project_id, operation_id);

-- Name: augmentation augmentation_project_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.augmentation
    ADD CONSTRAINT augmentation_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.project(project_id);

-- Name: augmented_clip augmented_clip_augmentation_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.augmented_clip
    ADD CONSTRAINT augmented_clip_augmentation_id_fkey FOREIGN KEY (project_id, augmentation_id) REFERENCES public.augmentation(project_id, augmentation_id);

-- Name: augmented_clip augmented_clip_clip_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.augmented_clip
    ADD CONSTRAINT augmented_clip_clip_id_fkey FOREIGN KEY (project_id, clip_id) REFERENCES public.clip(project_id, clip_id);

-- Name: augmented_clip augmented_clip_project_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.augmented_clip
    ADD CONSTRAINT augmented_clip_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.project(project_id);

-- Name: clip clip_cut_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.clip
    ADD CONSTRAINT clip_cut_id_fkey FOREIGN KEY (project_id, recording_id, cut_id) REFERENCES public.cut(project_id, recording_id, cut_id);

-- Name: consensus consensus_clip_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.consensus
    ADD CONSTRAINT consensus_clip_id_fkey FOREIGN KEY (project_id, clip_id) REFERENCES public.clip(project_id, clip_id);

-- Name: consensus consensus_label_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.consensus
    ADD CONSTRAINT consensus_label_id_fkey FOREIGN KEY (project_id, label_id) REFERENCES public.label(project_id, label_id);

-- Name: consensus consensus_project_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.consensus
    ADD CONSTRAINT consensus_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.project(project_id);

-- Name: cut cut_operation_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.cut
    ADD CONSTRAINT cut_operation_id_fkey FOREIGN KEY (project_id, operation_id) REFERENCES public.operation(project_id, operation_id);

-- Name: cut cut_project_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.cut
    ADD CONSTRAINT cut_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.project(project_id);

-- Name: cut cut_recording_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.cut
    ADD CONSTRAINT cut_recording_id_fkey FOREIGN KEY (project_id, recording_id) REFERENCES public.recording(project_id, recording_id);

-- Name: dataset_item dataset_item_clip_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.dataset_item
    ADD CONSTRAINT dataset_item_clip_id_fkey FOREIGN KEY (project_id, clip_id) REFERENCES public.clip(project_id, clip_id);

-- Name: dataset_item dataset_item_dataset_version_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.dataset_item
    ADD CONSTRAINT dataset_item_dataset_version_id_fkey FOREIGN KEY (project_id, dataset_version_id) REFERENCES public.dataset_version(project_id, dataset_version_id);

-- Name: dataset_item dataset_item_project_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.dataset_item
    ADD CONSTRAINT dataset_item_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.project(project_id);

-- Name: dataset dataset_project_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.dataset
    ADD CONSTRAINT dataset_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.project(project_id);

-- Name: dataset_version dataset_version_dataset_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.dataset_version
    ADD CONSTRAINT dataset_version_dataset_id_fkey FOREIGN KEY (project_id, dataset_id) REFERENCES public.dataset(project_id, dataset_id);

-- Name: dataset_version dataset_version_operation_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.dataset_version
    ADD CONSTRAINT dataset_version_operation_id_fkey FOREIGN KEY (project_id, operation_id) REFERENCES public.operation(project_id, operation_id);

-- Name: dataset_version dataset_version_project_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.dataset_version
    ADD CONSTRAINT dataset_version_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.project(project_id);

-- Name: duplicate duplicate_clip_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.duplicate
    ADD CONSTRAINT duplicate_clip_id_fkey FOREIGN KEY (project_id, clip_id) REFERENCES public.clip(project_id, clip_id);

-- Name: duplicate_decision duplicate_decision_clip_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.duplicate_decision
    ADD CONSTRAINT duplicate_decision_clip_id_fkey FOREIGN KEY (project_id, clip_id) REFERENCES public.clip(project_id, clip_id);

-- Name: duplicate_decision duplicate_decision_project_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.duplicate_decision
    ADD CONSTRAINT duplicate_decision_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.project(project_id);

-- Name: duplicate duplicate_duplicate_group_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.duplicate
    ADD CONSTRAINT duplicate_duplicate_group_id_fkey FOREIGN KEY (project_id, duplicate_group_id) REFERENCES public.duplicate_group(project_id, duplicate_group_id) ON DELETE CASCADE;

-- Name: duplicate_group duplicate_group_operation_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.duplicate_group
    ADD CONSTRAINT duplicate_group_operation_id_fkey FOREIGN KEY (project_id, operation_id) REFERENCES public.operation(project_id, operation_id);

-- Name: duplicate_group duplicate_group_project_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.duplicate_group
    ADD CONSTRAINT duplicate_group_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.project(project_id);

-- Name: duplicate_group duplicate_group_representative_clip_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.duplicate_group
    ADD CONSTRAINT duplicate_group_representative_clip_id_fkey FOREIGN KEY (project_id, representative_clip_id) REFERENCES public.clip(project_id, clip_id);

-- Name: duplicate duplicate_project_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.duplicate
    ADD CONSTRAINT duplicate_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.project(project_id);

-- Name: embedding embedding_clip_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.embedding
    ADD CONSTRAINT embedding_clip_id_fkey FOREIGN KEY (project_id, clip_id) REFERENCES public.clip(project_id, clip_id);

-- Name: embedding embedding_encoder_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.embedding
    ADD CONSTRAINT embedding_encoder_id_fkey FOREIGN KEY (project_id, encoder_id) REFERENCES public.encoder(project_id, encoder_id);

-- Name: encoder encoder_project_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.encoder
    ADD CONSTRAINT encoder_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.project(project_id);

-- Name: failure failure_operation_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.failure
    ADD CONSTRAINT failure_operation_id_fkey FOREIGN KEY (project_id, operation_id) REFERENCES public.operation(project_id, operation_id);

-- Name: failure failure_project_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.failure
    ADD CONSTRAINT failure_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.project(project_id);

-- Name: fingerprint fingerprint_project_id_clip_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.fingerprint
    ADD CONSTRAINT fingerprint_project_id_clip_id_fkey FOREIGN KEY (project_id, clip_id) REFERENCES public.clip(project_id, clip_id);

-- Name: fingerprint fingerprint_project_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.fingerprint
    ADD CONSTRAINT fingerprint_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.project(project_id);

-- Name: flag flag_clip_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.flag
    ADD CONSTRAINT flag_clip_id_fkey FOREIGN KEY (project_id, clip_id) REFERENCES public.clip(project_id, clip_id);

-- Name: flag flag_project_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.flag
    ADD CONSTRAINT flag_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.project(project_id);

-- Name: gold gold_project_id_clip_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.gold
    ADD CONSTRAINT gold_project_id_clip_id_fkey FOREIGN KEY (project_id, clip_id) REFERENCES public.clip(project_id, clip_id);

-- Name: gold gold_project_id_label_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.gold
    ADD CONSTRAINT gold_project_id_label_id_fkey FOREIGN KEY (project_id, label_id) REFERENCES public.label(project_id, label_id);

-- Name: job job_project_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.job
    ADD CONSTRAINT job_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.project(project_id);

-- Name: job job_source_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.job
    ADD CONSTRAINT job_source_id_fkey FOREIGN KEY (project_id, source_id) REFERENCES public.source(project_id, source_id);

-- Name: label label_project_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.label
    ADD CONSTRAINT label_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.project(project_id);

-- Name: map_point map_point_clip_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.map_point
    ADD CONSTRAINT map_point_clip_id_fkey FOREIGN KEY (project_id, clip_id) REFERENCES public.clip(project_id, clip_id);

-- Name: map_point map_point_encoder_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.map_point
    ADD CONSTRAINT map_point_encoder_id_fkey FOREIGN KEY (project_id, encoder_id) REFERENCES public.encoder(project_id, encoder_id);

-- Name: map_point map_point_project_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.map_point
    ADD CONSTRAINT map_point_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.project(project_id);

-- Name: member member_project_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.member
    ADD CONSTRAINT member_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.project(project_id);

-- Name: operation operation_job_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.operation
    ADD CONSTRAINT operation_job_id_fkey FOREIGN KEY (project_id, job_id) REFERENCES public.job(project_id, job_id);

-- Name: operation_outcome operation_outcome_operation_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.operation_outcome
    ADD CONSTRAINT operation_outcome_operation_id_fkey FOREIGN KEY (project_id, operation_id) REFERENCES public.operation(project_id, operation_id);

-- Name: operation_outcome operation_outcome_project_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.operation_outcome
    ADD CONSTRAINT operation_outcome_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.project(project_id);

-- Name: operation operation_project_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.operation
    ADD CONSTRAINT operation_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.project(project_id);

-- Name: problem problem_clip_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.problem
    ADD CONSTRAINT problem_clip_id_fkey FOREIGN KEY (project_id, clip_id) REFERENCES public.clip(project_id, clip_id);

-- Name: problem problem_project_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.problem
    ADD CONSTRAINT problem_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.project(project_id);

-- Name: problem problem_recording_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.problem
    ADD CONSTRAINT problem_recording_id_fkey FOREIGN KEY (project_id, recording_id) REFERENCES public.recording(project_id, recording_id);

-- Name: progress progress_operation_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.progress
    ADD CONSTRAINT progress_operation_id_fkey FOREIGN KEY (project_id, operation_id) REFERENCES public.operation(project_id, operation_id);

-- Name: progress progress_project_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.progress
    ADD CONSTRAINT progress_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.project(project_id);

-- Name: queue_plan queue_plan_project_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.queue_plan
    ADD CONSTRAINT queue_plan_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.project(project_id);

-- Name: queue_plan queue_plan_project_id_operation_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.queue_plan
    ADD CONSTRAINT queue_plan_project_id_operation_id_fkey FOREIGN KEY (project_id, operation_id) REFERENCES public.operation(project_id, operation_id);

-- Name: recording_label recording_label_label_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.recording_label
    ADD CONSTRAINT recording_label_label_id_fkey FOREIGN KEY (project_id, label_id) REFERENCES public.label(project_id, label_id);

-- Name: recording_label recording_label_project_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.recording_label
    ADD CONSTRAINT recording_label_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.project(project_id);

-- Name: recording_label recording_label_recording_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.recording_label
    ADD CONSTRAINT recording_label_recording_id_fkey FOREIGN KEY (project_id, recording_id) REFERENCES public.recording(project_id, recording_id);

-- Name: recording recording_operation_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.recording
    ADD CONSTRAINT recording_operation_id_fkey FOREIGN KEY (project_id, operation_id) REFERENCES public.operation(project_id, operation_id);

-- Name: recording recording_project_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.recording
    ADD CONSTRAINT recording_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.project(project_id);

-- Name: recording recording_source_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.recording
    ADD CONSTRAINT recording_source_id_fkey FOREIGN KEY (project_id, source_id) REFERENCES public.source(project_id, source_id);

-- Name: review review_clip_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.review
    ADD CONSTRAINT review_clip_id_fkey FOREIGN KEY (project_id, clip_id) REFERENCES public.clip(project_id, clip_id);

-- Name: review review_operation_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.review
    ADD CONSTRAINT review_operation_id_fkey FOREIGN KEY (project_id, operation_id) REFERENCES public.operation(project_id, operation_id);

-- Name: review review_proposed_label_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.review
    ADD CONSTRAINT review_proposed_label_id_fkey FOREIGN KEY (project_id, proposed_label_id) REFERENCES public.label(project_id, label_id);

-- Name: selection_item selection_item_clip_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.selection_item
    ADD CONSTRAINT selection_item_clip_id_fkey FOREIGN KEY (project_id, clip_id) REFERENCES public.clip(project_id, clip_id);

-- Name: selection_item selection_item_project_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.selection_item
    ADD CONSTRAINT selection_item_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.project(project_id);

-- Name: selection_item selection_item_selection_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.selection_item
    ADD CONSTRAINT selection_item_selection_id_fkey FOREIGN KEY (project_id, selection_id) REFERENCES public.selection(project_id, selection_id) ON DELETE CASCADE;

-- Name: selection selection_operation_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.selection
    ADD CONSTRAINT selection_operation_id_fkey FOREIGN KEY (project_id, operation_id) REFERENCES public.operation(project_id, operation_id);

-- Name: selection selection_project_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.selection
    ADD CONSTRAINT selection_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.project(project_id);

-- Name: source source_project_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.source
    ADD CONSTRAINT source_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.project(project_id);

-- Name: suspect suspect_project_id_clip_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.suspect
    ADD CONSTRAINT suspect_project_id_clip_id_fkey FOREIGN KEY (project_id, clip_id) REFERENCES public.clip(project_id, clip_id);

-- Name: suspect suspect_project_id_given_label_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.suspect
    ADD CONSTRAINT suspect_project_id_given_label_id_fkey FOREIGN KEY (project_id, given_label_id) REFERENCES public.label(project_id, label_id);

-- Name: suspect suspect_project_id_nearest_given_clip_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.suspect
    ADD CONSTRAINT suspect_project_id_nearest_given_clip_id_fkey FOREIGN KEY (project_id, nearest_given_clip_id) REFERENCES public.clip(project_id, clip_id);

-- Name: suspect suspect_project_id_nearest_suggested_clip_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.suspect
    ADD CONSTRAINT suspect_project_id_nearest_suggested_clip_id_fkey FOREIGN KEY (project_id, nearest_suggested_clip_id) REFERENCES public.clip(project_id, clip_id);

-- Name: suspect suspect_project_id_operation_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.suspect
    ADD CONSTRAINT suspect_project_id_operation_id_fkey FOREIGN KEY (project_id, operation_id) REFERENCES public.operation(project_id, operation_id);

-- Name: suspect suspect_project_id_suggested_label_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.suspect
    ADD CONSTRAINT suspect_project_id_suggested_label_id_fkey FOREIGN KEY (project_id, suggested_label_id) REFERENCES public.label(project_id, label_id);

-- Name: tally tally_project_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.tally
    ADD CONSTRAINT tally_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.project(project_id) ON DELETE CASCADE;

-- Name: verdict verdict_project_id_clip_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.verdict
    ADD CONSTRAINT verdict_project_id_clip_id_fkey FOREIGN KEY (project_id, clip_id) REFERENCES public.clip(project_id, clip_id);

-- Name: verdict verdict_project_id_given_label_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.verdict
    ADD CONSTRAINT verdict_project_id_given_label_id_fkey FOREIGN KEY (project_id, given_label_id) REFERENCES public.label(project_id, label_id);

-- Name: verdict verdict_project_id_label_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.verdict
    ADD CONSTRAINT verdict_project_id_label_id_fkey FOREIGN KEY (project_id, label_id) REFERENCES public.label(project_id, label_id);

-- Name: verdict verdict_project_id_suggested_label_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.verdict
    ADD CONSTRAINT verdict_project_id_suggested_label_id_fkey FOREIGN KEY (project_id, suggested_label_id) REFERENCES public.label(project_id, label_id);

-- Name: verdict verdict_supersedes_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.verdict
    ADD CONSTRAINT verdict_supersedes_fkey FOREIGN KEY (supersedes) REFERENCES public.verdict(verdict_id);

-- Name: admin_act; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.admin_act ENABLE ROW LEVEL SECURITY;

-- Name: admin_act admin_act_read; Type: POLICY; Schema: public; Owner: -

CREATE POLICY admin_act_read ON public.admin_act FOR SELECT TO earmark_admin USING (( SELECT public.is_lab_admin() AS is_lab_admin));

-- Name: annotation; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.annotation ENABLE ROW LEVEL SECURITY;

-- Name: annotation annotation_add; Type: POLICY; Schema: public; Owner: -

CREATE POLICY annotation_add ON public.annotation FOR INSERT TO earmark_annotator WITH CHECK (((source = 'human'::text) AND (project_id = ANY (( SELECT public.my_projects('annotator'::text) AS my_projects)::integer[])) AND ((NOT settles) OR (project_id = ANY (( SELECT public.my_projects('reviewer'::text) AS my_projects)::integer[]))) AND (EXISTS ( SELECT
   FROM public.clip c
  WHERE (c.clip_id = annotation.clip_id)))));

-- Name: annotation annotation_carry; Type: POLICY; Schema: public; Owner: -

CREATE POLICY annotation_carry ON public.annotation FOR INSERT TO earmark_researcher WITH CHECK (((source <> 'human'::text) AND (project_id = ANY (( SELECT public.my_projects('researcher'::text) AS my_projects)::integer[]))));

-- Name: annotation annotation_own; Type: POLICY; Schema: public; Owner: -

CREATE POLICY annotation_own ON public.annotation FOR SELECT TO earmark_annotator USING (((author = SESSION_USER) AND (project_id = ANY (( SELECT public.my_projects('annotator'::text) AS my_projects)::integer[]))));

-- Name: annotation annotation_read; Type: POLICY; Schema: public; Owner: -

CREATE POLICY annotation_read ON public.annotation FOR SELECT TO earmark_reviewer USING ((project_id = ANY (( SELECT public.my_projects('reviewer'::text) AS my_projects)::integer[])));

-- Name: assignment; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.assignment ENABLE ROW LEVEL SECURITY;

-- Name: assignment assignment_own; Type: POLICY; Schema: public; Owner: -

CREATE POLICY assignment_own ON public.assignment FOR SELECT TO earmark_annotator USING (((person = SESSION_USER) AND (project_id = ANY (( SELECT public.my_projects('annotator'::text) AS my_projects)::integer[]))));

-- Name: assignment assignment_read; Type: POLICY; Schema: public; Owner: -

CREATE POLICY assignment_read ON public.assignment FOR SELECT TO earmark_reviewer USING ((project_id = ANY (( SELECT public.my_projects('reviewer'::text) AS my_projects)::integer[])));

-- Name: augmentation; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.augmentation ENABLE ROW LEVEL SECURITY;

-- Name: augmentation augmentation_add; Type: POLICY; Schema: public; Owner: -

CREATE POLICY augmentation_add ON public.augmentation FOR INSERT TO earmark_researcher WITH CHECK ((project_id = ANY (( SELECT public.my_projects('researcher'::text) AS my_projects)::integer[])));

-- Name: augmentation augmentation_read; Type: POLICY; Schema: public; Owner: -

CREATE POLICY augmentation_read ON public.augmentation FOR SELECT TO earmark_reviewer USING ((project_id = ANY (( SELECT public.my_projects('reviewer'::text) AS my_projects)::integer[])));

-- Name: augmented_clip; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.augmented_clip ENABLE ROW LEVEL SECURITY;

-- Name: augmented_clip augmented_clip_add; Type: POLICY; Schema: public; Owner: -

CREATE POLICY augmented_clip_add ON public.augmented_clip FOR INSERT TO earmark_researcher WITH CHECK ((project_id = ANY (( SELECT public.my_projects('researcher'::text) AS my_projects)::integer[])));

-- Name: augmented_clip augmented_clip_change; Type: POLICY; Schema: public; Owner: -

CREATE POLICY augmented_clip_change ON public.augmented_clip FOR UPDATE TO earmark_researcher USING ((project_id = ANY (( SELECT public.my_projects('researcher'::text) AS my_projects)::integer[])));

-- Name: augmented_clip augmented_clip_read; Type: POLICY; Schema: public; Owner: -

CREATE POLICY augmented_clip_read ON public.augmented_clip FOR SELECT TO earmark_reviewer USING ((project_id = ANY (( SELECT public.my_projects('reviewer'::text) AS my_projects)::integer[])));

-- Name: clip; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.clip ENABLE ROW LEVEL SECURITY;

-- Name: clip clip_add; Type: POLICY; Schema: public; Owner: -

CREATE POLICY clip_add ON public.clip FOR INSERT TO earmark_researcher WITH CHECK ((project_id = ANY (( SELECT public.my_projects('researcher'::text) AS my_projects)::integer[])));

-- Name: clip clip_assigned; Type: POLICY; Schema: public; Owner: -

CREATE POLICY clip_assigned ON public.clip FOR SELECT TO earmark_annotator USING (((project_id = ANY (( SELECT public.my_projects('annotator'::text) AS my_projects)::integer[])) AND public.is_assigned(clip_id)));

-- Name: clip clip_change; Type: POLICY; Schema: public; Owner: -

CREATE POLICY clip_change ON public.clip FOR UPDATE TO earmark_researcher USING ((project_id = ANY (( SELECT public.my_projects('researcher'::text) AS my_projects)::integer[])));

-- Name: clip clip_read; Type: POLICY; Schema: public; Owner: -

CREATE POLICY clip_read ON public.clip FOR SELECT TO earmark_reviewer USING ((project_id = ANY (( SELECT public.my_projects('reviewer'::text) AS my_projects)::integer[])));

-- Name: consensus; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.consensus ENABLE ROW LEVEL SECURITY;

-- Name: consensus consensus_add; Type: POLICY; Schema: public; Owner: -

CREATE POLICY consensus_add ON public.consensus FOR INSERT TO earmark_researcher WITH CHECK ((project_id = ANY (( SELECT public.my_projects('researcher'::text) AS my_projects)::integer[])));

-- Name: consensus consensus_read; Type: POLICY; Schema: public; Owner: -

CREATE POLICY consensus_read ON public.consensus FOR SELECT TO earmark_reviewer USING ((project_id = ANY (( SELECT public.my_projects('reviewer'::text) AS my_projects)::integer[])));

-- Name: consensus consensus_remove; Type: POLICY; Schema: public; Owner: -

CREATE POLICY consensus_remove ON public.consensus FOR DELETE TO earmark_researcher USING ((project_id = ANY (( SELECT public.my_projects('researcher'::text) AS my_projects)::integer[])));

-- Name: cut; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.cut ENABLE ROW LEVEL SECURITY;

-- Name: cut cut_add; Type: POLICY; Schema: public; Owner: -

CREATE POLICY cut_add ON public.cut FOR INSERT TO earmark_researcher WITH CHECK ((project_id = ANY (( SELECT public.my_projects('researcher'::text) AS my_projects)::integer[])));

-- Name: cut cut_change; Type: POLICY; Schema: public; Owner: -

CREATE POLICY cut_change ON public.cut FOR UPDATE TO earmark_researcher USING ((project_id = ANY (( SELECT public.my_projects('researcher'::text) AS my_projects)::integer[])));

-- Name: cut cut_read; Type: POLICY; Schema: public; Owner: -

CREATE POLICY cut_read ON public.cut FOR SELECT TO earmark_reviewer USING ((project_id = ANY (( SELECT public.my_projects('reviewer'::text) AS my_projects)::integer[])));

-- Name: dataset; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.dataset ENABLE ROW LEVEL SECURITY;

-- Name: dataset dataset_add; Type: POLICY; Schema: public; Owner: -

CREATE POLICY dataset_add ON public.dataset FOR INSERT TO earmark_researcher WITH CHECK ((project_id = ANY (( SELECT public.my_projects('researcher'::text) AS my_projects)::integer[])));

-- Name: dataset dataset_change; Type: POLICY; Schema: public; Owner: -

CREATE POLICY dataset_change ON public.dataset FOR UPDATE TO earmark_researcher USING ((project_id = ANY (( SELECT public.my_projects('researcher'::text) AS my_projects)::integer[])));

-- Name: dataset_item; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.dataset_item ENABLE ROW LEVEL SECURITY;

-- Name: dataset_item dataset_item_add; Type: POLICY; Schema: public; Owner: -

CREATE POLICY dataset_item_add ON public.dataset_item FOR INSERT TO earmark_researcher WITH CHECK (((project_id = ANY (( SELECT public.my_projects('researcher'::text) AS my_projects)::integer[])) AND (EXISTS ( SELECT
   FROM public.dataset_version v
  WHERE ((v.dataset_version_id = dataset_item.dataset_version_id) AND (v.author = SESSION_USER) AND (v.created_at >= now()))))));

-- Name: dataset_item dataset_item_read; Type: POLICY; Schema: public; Owner: -

CREATE POLICY dataset_item_read ON public.dataset_item FOR SELECT TO earmark_reviewer USING ((project_id = ANY (( SELECT public.my_projects('reviewer'::text) AS my_projects)::integer[])));

-- Name: dataset dataset_read; Type: POLICY; Schema: public; Owner: -

CREATE POLICY dataset_read ON public.dataset FOR SELECT TO earmark_reviewer USING ((project_id = ANY (( SELECT public.my_projects('reviewer'::text) AS my_projects)::integer[])));

-- Name: dataset_version; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.dataset_version ENABLE ROW LEVEL SECURITY;

-- Name: dataset_version dataset_version_add; Type: POLICY; Schema: public; Owner: -

CREATE POLICY dataset_version_add ON public.dataset_version FOR INSERT TO earmark_researcher WITH CHECK ((project_id = ANY (( SELECT public.my_projects('researcher'::text) AS my_projects)::integer[])));

-- Name: dataset_version dataset_version_read; Type: POLICY; Schema: public; Owner: -

CREATE POLICY dataset_version_read ON public.dataset_version FOR SELECT TO earmark_reviewer USING ((project_id = ANY (( SELECT public.my_projects('reviewer'::text) AS my_projects)::integer[])));

-- Name: duplicate; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.duplicate ENABLE ROW LEVEL SECURITY;

-- Name: duplicate duplicate_add; Type: POLICY; Schema: public; Owner: -

CREATE POLICY duplicate_add ON public.duplicate FOR INSERT TO earmark_researcher WITH CHECK ((project_id = ANY (( SELECT public.my_projects('researcher'::text) AS my_projects)::integer[])));

-- Name: duplicate_decision; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.duplicate_decision ENABLE ROW LEVEL SECURITY;

-- Name: duplicate_decision duplicate_decision_add; Type: POLICY; Schema: public; Owner: -

CREATE POLICY duplicate_decision_add ON public.duplicate_decision FOR INSERT TO earmark_researcher WITH CHECK ((project_id = ANY (( SELECT public.my_projects('researcher'::text) AS my_projects)::integer[])));

-- Name: duplicate_decision duplicate_decision_read; Type: POLICY; Schema: public; Owner: -

CREATE POLICY duplicate_decision_read ON public.duplicate_decision FOR SELECT TO earmark_reviewer USING ((project_id = ANY (( SELECT public.my_projects('reviewer'::text) AS my_projects)::integer[])));

-- Name: duplicate_group; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.duplicate_group ENABLE ROW LEVEL SECURITY;

-- Name: duplicate_group duplicate_group_add; Type: POLICY; Schema: public; Owner: -

CREATE POLICY duplicate_group_add ON public.duplicate_group FOR INSERT TO earmark_researcher WITH CHECK ((project_id = ANY (( SELECT public.my_projects('researcher'::text) AS my_projects)::integer[])));

-- Name: duplicate_group duplicate_group_change; Type: POLICY; Schema: public; Owner: -

CREATE POLICY duplicate_group_change ON public.duplicate_group FOR UPDATE TO earmark_researcher USING ((project_id = ANY (( SELECT public.my_projects('researcher'::text) AS my_projects)::integer[])));

-- Name: duplicate_group duplicate_group_read; Type: POLICY; Schema: public; Owner: -

CREATE POLICY duplicate_group_read ON public.duplicate_group FOR SELECT TO earmark_reviewer USING ((project_id = ANY (( SELECT public.my_projects('reviewer'::text) AS my_projects)::integer[])));

-- Name: duplicate_group duplicate_group_remove; Type: POLICY; Schema: public; Owner: -

CREATE POLICY duplicate_group_remove ON public.duplicate_group FOR DELETE TO earmark_researcher USING ((project_id = ANY (( SELECT public.my_projects('researcher'::text) AS my_projects)::integer[])));

-- Name: duplicate duplicate_read; Type: POLICY; Schema: public; Owner: -

CREATE POLICY duplicate_read ON public.duplicate FOR SELECT TO earmark_reviewer USING ((project_id = ANY (( SELECT public.my_projects('reviewer'::text) AS my_projects)::integer[])));

-- Name: duplicate duplicate_remove; Type: POLICY; Schema: public; Owner: -

CREATE POLICY duplicate_remove ON public.duplicate FOR DELETE TO earmark_researcher USING ((project_id = ANY (( SELECT public.my_projects('researcher'::text) AS my_projects)::integer[])));

-- Name: embedding; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.embedding ENABLE ROW LEVEL SECURITY;

-- Name: embedding embedding_add; Type: POLICY; Schema: public; Owner: -

CREATE POLICY embedding_add ON public.embedding FOR INSERT TO earmark_researcher WITH CHECK ((project_id = ANY (( SELECT public.my_projects('researcher'::text) AS my_projects)::integer[])));

-- Name: embedding embedding_read; Type: POLICY; Schema: public; Owner: -

CREATE POLICY embedding_read ON public.embedding FOR SELECT TO earmark_reviewer USING ((project_id = ANY (( SELECT public.my_projects('reviewer'::text) AS my_projects)::integer[])));

-- Name: encoder; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.encoder ENABLE ROW LEVEL SECURITY;

-- Name: encoder encoder_add; Type: POLICY; Schema: public; Owner: -

CREATE POLICY encoder_add ON public.encoder FOR INSERT TO earmark_researcher WITH CHECK ((project_id = ANY (( SELECT public.my_projects('researcher'::text) AS my_projects)::integer[])));

-- Name: encoder encoder_change; Type: POLICY; Schema: public; Owner: -

CREATE POLICY encoder_change ON public.encoder FOR UPDATE TO earmark_researcher USING ((project_id = ANY (( SELECT public.my_projects('researcher'::text) AS my_projects)::integer[])));

-- Name: encoder encoder_read; Type: POLICY; Schema: public; Owner: -

CREATE POLICY encoder_read ON public.encoder FOR SELECT TO earmark_reviewer USING ((project_id = ANY (( SELECT public.my_projects('reviewer'::text) AS my_projects)::integer[])));

-- Name: failure; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.failure ENABLE ROW LEVEL SECURITY;

-- Name: failure failure_add; Type: POLICY; Schema: public; Owner: -

CREATE POLICY failure_add ON public.failure FOR INSERT TO earmark_reviewer WITH CHECK ((project_id = ANY (( SELECT public.my_projects('reviewer'::text) AS my_projects)::integer[])));

-- Name: failure failure_change; Type: POLICY; Schema: public; Owner: -

CREATE POLICY failure_change ON public.failure FOR UPDATE TO earmark_reviewer USING ((project_id = ANY (( SELECT public.my_projects('reviewer'::text) AS my_projects)::integer[])));

-- Name: failure failure_read; Type: POLICY; Schema: public; Owner: -

CREATE POLICY failure_read ON public.failure FOR SELECT TO earmark_reviewer USING ((project_id = ANY (( SELECT public.my_projects('reviewer'::text) AS my_projects)::integer[])));

-- Name: fingerprint; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.fingerprint ENABLE ROW LEVEL SECURITY;

-- Name: fingerprint fingerprint_add; Type: POLICY; Schema: public; Owner: -

CREATE POLICY fingerprint_add ON public.fingerprint FOR INSERT TO earmark_researcher WITH CHECK ((project_id = ANY (( SELECT public.my_projects('researcher'::text) AS my_projects)::integer[])));

-- Name: fingerprint fingerprint_read; Type: POLICY; Schema: public; Owner: -

CREATE POLICY fingerprint_read ON public.fingerprint FOR SELECT TO earmark_reviewer USING ((project_id = ANY (( SELECT public.my_projects('reviewer'::text) AS my_projects)::integer[])));

-- Name: fingerprint fingerprint_remove; Type: POLICY; Schema: public; Owner: -

CREATE POLICY fingerprint_remove ON public.fingerprint FOR DELETE TO earmark_researcher USING ((project_id = ANY (( SELECT public.my_projects('researcher'::text) AS my_projects)::integer[])));

-- Name: flag; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.flag ENABLE ROW LEVEL SECURITY;

-- Name: flag flag_add; Type: POLICY; Schema: public; Owner: -

CREATE POLICY flag_add ON public.flag FOR INSERT TO earmark_annotator WITH CHECK (((project_id = ANY (( SELECT public.my_projects('annotator'::text) AS my_projects)::integer[])) AND (EXISTS ( SELECT
   FROM public.clip c
  WHERE (c.clip_id = flag.clip_id)))));

-- Name: flag flag_own; Type: POLICY; Schema: public; Owner: -

CREATE POLICY flag_own ON public.flag FOR SELECT TO earmark_annotator USING (((author = SESSION_USER) AND (project_id = ANY (( SELECT public.my_projects('annotator'::text) AS my_projects)::integer[]))));

-- Name: flag flag_read; Type: POLICY; Schema: public; Owner: -

CREATE POLICY flag_read ON public.flag FOR SELECT TO earmark_reviewer USING ((project_id = ANY (( SELECT public.my_projects('reviewer'::text) AS my_projects)::integer[])));

-- Name: gold; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.gold ENABLE ROW LEVEL SECURITY;

-- Name: gold gold_add; Type: POLICY; Schema: public; Owner: -

CREATE POLICY gold_add ON public.gold FOR INSERT TO earmark_reviewer WITH CHECK ((project_id = ANY (( SELECT public.my_projects('reviewer'::text) AS my_projects)::integer[])));

-- Name: gold gold_read; Type: POLICY; Schema: public; Owner: -

CREATE POLICY gold_read ON public.gold FOR SELECT TO earmark_reviewer USING ((project_id = ANY (( SELECT public.my_projects('reviewer'::text) AS my_projects)::integer[])));

-- Name: job; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.job ENABLE ROW LEVEL SECURITY;

-- Name: job job_add; Type: POLICY; Schema: public; Owner: -

CREATE POLICY job_add ON public.job FOR INSERT TO earmark_reviewer WITH CHECK ((public.is_job(verbs) AND (project_id = ANY (( SELECT public.my_projects('reviewer'::text) AS my_projects)::integer[]))));

-- Name: job job_change; Type: POLICY; Schema: public; Owner: -

CREATE POLICY job_change ON public.job FOR UPDATE TO earmark_reviewer USING (((author = SESSION_USER) OR (project_id = ANY (( SELECT public.my_projects('researcher'::text) AS my_projects)::integer[]))));

-- Name: job job_read; Type: POLICY; Schema: public; Owner: -

CREATE POLICY job_read ON public.job FOR SELECT TO earmark_reviewer USING ((project_id = ANY (( SELECT public.my_projects('reviewer'::text) AS my_projects)::integer[])));

-- Name: label; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.label ENABLE ROW LEVEL SECURITY;

-- Name: label label_add; Type: POLICY; Schema: public; Owner: -

CREATE POLICY label_add ON public.label FOR INSERT TO earmark_researcher WITH CHECK ((project_id = ANY (( SELECT public.my_projects('researcher'::text) AS my_projects)::integer[])));

-- Name: label label_read; Type: POLICY; Schema: public; Owner: -

CREATE POLICY label_read ON public.label FOR SELECT TO earmark_annotator USING ((project_id = ANY (( SELECT public.my_projects('annotator'::text) AS my_projects)::integer[])));

-- Name: map_point; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.map_point ENABLE ROW LEVEL SECURITY;

-- Name: map_point map_point_add; Type: POLICY; Schema: public; Owner: -

CREATE POLICY map_point_add ON public.map_point FOR INSERT TO earmark_researcher WITH CHECK ((project_id = ANY (( SELECT public.my_projects('researcher'::text) AS my_projects)::integer[])));

-- Name: map_point map_point_read; Type: POLICY; Schema: public; Owner: -

CREATE POLICY map_point_read ON public.map_point FOR SELECT TO earmark_reviewer USING ((project_id = ANY (( SELECT public.my_projects('reviewer'::text) AS my_projects)::integer[])));

-- Name: map_point map_point_remove; Type: POLICY; Schema: public; Owner: -

CREATE POLICY map_point_remove ON public.map_point FOR DELETE TO earmark_researcher USING ((project_id = ANY (( SELECT public.my_projects('researcher'::text) AS my_projects)::integer[])));

-- Name: member; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.member ENABLE ROW LEVEL SECURITY;

-- Name: member member_own; Type: POLICY; Schema: public; Owner: -

CREATE POLICY member_own ON public.member FOR SELECT TO earmark_annotator USING ((person = SESSION_USER));

-- Name: member member_read; Type: POLICY; Schema: public; Owner: -

CREATE POLICY member_read ON public.member FOR SELECT TO earmark_reviewer USING ((project_id = ANY (( SELECT public.my_projects('reviewer'::text) AS my_projects)::integer[])));

-- Name: operation; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.operation ENABLE ROW LEVEL SECURITY;

-- Name: operation operation_add; Type: POLICY; Schema: public; Owner: -

CREATE POLICY operation_add ON public.operation FOR INSERT TO earmark_reviewer WITH CHECK (((project_id = ANY (( SELECT public.my_projects('reviewer'::text) AS my_projects)::integer[])) AND ((job_id IS NULL) OR (EXISTS ( SELECT
   FROM public.job j
  WHERE ((j.job_id = operation.job_id) AND (j.author = SESSION_USER)))))));

-- Name: operation_outcome; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.operation_outcome ENABLE ROW LEVEL SECURITY;

-- Name: operation_outcome operation_outcome_add; Type: POLICY; Schema: public; Owner: -

CREATE POLICY operation_outcome_add ON public.operation_outcome FOR INSERT TO earmark_reviewer WITH CHECK ((EXISTS ( SELECT
   FROM public.operation o
  WHERE ((o.operation_id = operation_outcome.operation_id) AND (o.project_id = operation_outcome.project_id) AND (o.author = SESSION_USER)))));

-- Name: operation_outcome operation_outcome_read; Type: POLICY; Schema: public; Owner: -

CREATE POLICY operation_outcome_read ON public.operation_outcome FOR SELECT TO earmark_reviewer USING ((project_id = ANY (( SELECT public.my_projects('reviewer'::text) AS my_projects)::integer[])));

-- Name: operation operation_own; Type: POLICY; Schema: public; Owner: -

CREATE POLICY operation_own ON public.operation FOR SELECT TO earmark_annotator USING (((author = SESSION_USER) AND (project_id = ANY (( SELECT public.my_projects('annotator'::text) AS my_projects)::integer[]))));

-- Name: operation operation_read; Type: POLICY; Schema: public; Owner: -

CREATE POLICY operation_read ON public.operation FOR SELECT TO earmark_reviewer USING ((project_id = ANY (( SELECT public.my_projects('reviewer'::text) AS my_projects)::integer[])));

-- Name: person; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.person ENABLE ROW LEVEL SECURITY;

-- Name: person person_own; Type: POLICY; Schema: public; Owner: -

CREATE POLICY person_own ON public.person FOR SELECT TO earmark_annotator USING (((person = SESSION_USER) OR ( SELECT public.is_lab_admin() AS is_lab_admin)));

-- Name: problem; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.problem ENABLE ROW LEVEL SECURITY;

-- Name: problem problem_add; Type: POLICY; Schema: public; Owner: -

CREATE POLICY problem_add ON public.problem FOR INSERT TO earmark_researcher WITH CHECK ((project_id = ANY (( SELECT public.my_projects('researcher'::text) AS my_projects)::integer[])));

-- Name: problem problem_read; Type: POLICY; Schema: public; Owner: -

CREATE POLICY problem_read ON public.problem FOR SELECT TO earmark_reviewer USING ((project_id = ANY (( SELECT public.my_projects('reviewer'::text) AS my_projects)::integer[])));

-- Name: problem problem_remove; Type: POLICY; Schema: public; Owner: -

CREATE POLICY problem_remove ON public.problem FOR DELETE TO earmark_researcher USING ((project_id = ANY (( SELECT public.my_projects('researcher'::text) AS my_projects)::integer[])));

-- Name: progress; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.progress ENABLE ROW LEVEL SECURITY;

-- Name: progress progress_add; Type: POLICY; Schema: public; Owner: -

CREATE POLICY progress_add ON public.progress FOR INSERT TO earmark_reviewer WITH CHECK ((EXISTS ( SELECT
   FROM public.operation o
  WHERE ((o.operation_id = progress.operation_id) AND (o.project_id = progress.project_id) AND (o.author = SESSION_USER)))));

-- Name: progress progress_change; Type: POLICY; Schema: public; Owner: -

CREATE POLICY progress_change ON public.progress FOR UPDATE TO earmark_reviewer USING ((project_id = ANY (( SELECT public.my_projects('reviewer'::text) AS my_projects)::integer[])));

-- Name: progress progress_read; Type: POLICY; Schema: public; Owner: -

CREATE POLICY progress_read ON public.progress FOR SELECT TO earmark_reviewer USING ((project_id = ANY (( SELECT public.my_projects('reviewer'::text) AS my_projects)::integer[])));

-- Name: project; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.project ENABLE ROW LEVEL SECURITY;

-- Name: project project_change; Type: POLICY; Schema: public; Owner: -

CREATE POLICY project_change ON public.project FOR UPDATE TO earmark_researcher USING ((project_id = ANY (( SELECT public.my_projects('researcher'::text) AS my_projects)::integer[])));

-- Name: project project_read; Type: POLICY; Schema: public; Owner: -

CREATE POLICY project_read ON public.project FOR SELECT TO earmark_annotator USING ((project_id = ANY (( SELECT public.my_projects('annotator'::text) AS my_projects)::integer[])));

-- Name: queue_plan; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.queue_plan ENABLE ROW LEVEL SECURITY;

-- Name: queue_plan queue_plan_add; Type: POLICY; Schema: public; Owner: -

CREATE POLICY queue_plan_add ON public.queue_plan FOR INSERT TO earmark_reviewer WITH CHECK ((project_id = ANY (( SELECT public.my_projects('reviewer'::text) AS my_projects)::integer[])));

-- Name: queue_plan queue_plan_change; Type: POLICY; Schema: public; Owner: -

CREATE POLICY queue_plan_change ON public.queue_plan FOR UPDATE TO earmark_reviewer USING ((project_id = ANY (( SELECT public.my_projects('reviewer'::text) AS my_projects)::integer[])));

-- Name: queue_plan queue_plan_read; Type: POLICY; Schema: public; Owner: -

CREATE POLICY queue_plan_read ON public.queue_plan FOR SELECT TO earmark_reviewer USING ((project_id = ANY (( SELECT public.my_projects('reviewer'::text) AS my_projects)::integer[])));

-- Name: queue_plan queue_plan_remove; Type: POLICY; Schema: public; Owner: -

CREATE POLICY queue_plan_remove ON public.queue_plan FOR DELETE TO earmark_reviewer USING ((project_id = ANY (( SELECT public.my_projects('reviewer'::text) AS my_projects)::integer[])));

-- Name: recording; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.recording ENABLE ROW LEVEL SECURITY;

-- Name: recording recording_add; Type: POLICY; Schema: public; Owner: -

CREATE POLICY recording_add ON public.recording FOR INSERT TO earmark_researcher WITH CHECK ((project_id = ANY (( SELECT public.my_projects('researcher'::text) AS my_projects)::integer[])));

-- Name: recording recording_change; Type: POLICY; Schema: public; Owner: -

CREATE POLICY recording_change ON public.recording FOR UPDATE TO earmark_researcher USING ((project_id = ANY (( SELECT public.my_projects('researcher'::text) AS my_projects)::integer[])));

-- Name: recording_label; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.recording_label ENABLE ROW LEVEL SECURITY;

-- Name: recording_label recording_label_add; Type: POLICY; Schema: public; Owner: -

CREATE POLICY recording_label_add ON public.recording_label FOR INSERT TO earmark_researcher WITH CHECK ((project_id = ANY (( SELECT public.my_projects('researcher'::text) AS my_projects)::integer[])));

-- Name: recording_label recording_label_read; Type: POLICY; Schema: public; Owner: -

CREATE POLICY recording_label_read ON public.recording_label FOR SELECT TO earmark_reviewer USING ((project_id = ANY (( SELECT public.my_projects('reviewer'::text) AS my_projects)::integer[])));

-- Name: recording recording_read; Type: POLICY; Schema: public; Owner: -

CREATE POLICY recording_read ON public.recording FOR SELECT TO earmark_reviewer USING ((project_id = ANY (( SELECT public.my_projects('reviewer'::text) AS my_projects)::integer[])));

-- Name: review; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.review ENABLE ROW LEVEL SECURITY;

-- Name: review review_add; Type: POLICY; Schema: public; Owner: -

CREATE POLICY review_add ON public.review FOR INSERT TO earmark_reviewer WITH CHECK ((project_id = ANY (( SELECT public.my_projects('reviewer'::text) AS my_projects)::integer[])));

-- Name: review review_change; Type: POLICY; Schema: public; Owner: -

CREATE POLICY review_change ON public.review FOR UPDATE TO earmark_reviewer USING ((project_id = ANY (( SELECT public.my_projects('reviewer'::text) AS my_projects)::integer[])));

-- Name: review review_own; Type: POLICY; Schema: public; Owner: -

CREATE POLICY review_own ON public.review FOR SELECT TO earmark_annotator USING (((claimed_by = SESSION_USER) AND (project_id = ANY (( SELECT public.my_projects('annotator'::text) AS my_projects)::integer[]))));

-- Name: review review_read; Type: POLICY; Schema: public; Owner: -

CREATE POLICY review_read ON public.review FOR SELECT TO earmark_reviewer USING ((project_id = ANY (( SELECT public.my_projects('reviewer'::text) AS my_projects)::integer[])));

-- Name: review review_remove; Type: POLICY; Schema: public; Owner: -

CREATE POLICY review_remove ON public.review FOR DELETE TO earmark_reviewer USING (((project_id = ANY (( SELECT public.my_projects('reviewer'::text) AS my_projects)::integer[])) AND ((claimed_until IS NULL) OR (claimed_until < clock_timestamp()) OR (claimed_by = SESSION_USER))));

-- Name: selection; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.selection ENABLE ROW LEVEL SECURITY;

-- Name: selection selection_add; Type: POLICY; Schema: public; Owner: -

CREATE POLICY selection_add ON public.selection FOR INSERT TO earmark_researcher WITH CHECK ((project_id = ANY (( SELECT public.my_projects('researcher'::text) AS my_projects)::integer[])));

-- Name: selection_item; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.selection_item ENABLE ROW LEVEL SECURITY;

-- Name: selection_item selection_item_add; Type: POLICY; Schema: public; Owner: -

CREATE POLICY selection_item_add ON public.selection_item FOR INSERT TO earmark_researcher WITH CHECK ((project_id = ANY (( SELECT public.my_projects('researcher'::text) AS my_projects)::integer[])));

-- Name: selection_item selection_item_read; Type: POLICY; Schema: public; Owner: -

CREATE POLICY selection_item_read ON public.selection_item FOR SELECT TO earmark_reviewer USING ((project_id = ANY (( SELECT public.my_projects('reviewer'::text) AS my_projects)::integer[])));

-- Name: selection_item selection_item_remove; Type: POLICY; Schema: public; Owner: -

CREATE POLICY selection_item_remove ON public.selection_item FOR DELETE TO earmark_researcher USING ((project_id = ANY (( SELECT public.my_projects('researcher'::text) AS my_projects)::integer[])));

-- Name: selection selection_read; Type: POLICY; Schema: public; Owner: -

CREATE POLICY selection_read ON public.selection FOR SELECT TO earmark_reviewer USING ((project_id = ANY (( SELECT public.my_projects('reviewer'::text) AS my_projects)::integer[])));

-- Name: selection selection_remove; Type: POLICY; Schema: public; Owner: -

CREATE POLICY selection_remove ON public.selection FOR DELETE TO earmark_researcher USING ((project_id = ANY (( SELECT public.my_projects('researcher'::text) AS my_projects)::integer[])));

-- Name: source; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.source ENABLE ROW LEVEL SECURITY;

-- Name: source source_add; Type: POLICY; Schema: public; Owner: -

CREATE POLICY source_add ON public.source FOR INSERT TO earmark_researcher WITH CHECK ((project_id = ANY (( SELECT public.my_projects('researcher'::text) AS my_projects)::integer[])));

-- Name: source source_change; Type: POLICY; Schema: public; Owner: -

CREATE POLICY source_change ON public.source FOR UPDATE TO earmark_researcher USING ((project_id = ANY (( SELECT public.my_projects('researcher'::text) AS my_projects)::integer[])));

-- Name: source source_read; Type: POLICY; Schema: public; Owner: -

CREATE POLICY source_read ON public.source FOR SELECT TO earmark_reviewer USING ((project_id = ANY (( SELECT public.my_projects('reviewer'::text) AS my_projects)::integer[])));

-- Name: suspect; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.suspect ENABLE ROW LEVEL SECURITY;

-- Name: suspect suspect_add; Type: POLICY; Schema: public; Owner: -

CREATE POLICY suspect_add ON public.suspect FOR INSERT TO earmark_reviewer WITH CHECK ((project_id = ANY (( SELECT public.my_projects('reviewer'::text) AS my_projects)::integer[])));

-- Name: suspect suspect_read; Type: POLICY; Schema: public; Owner: -

CREATE POLICY suspect_read ON public.suspect FOR SELECT TO earmark_reviewer USING ((project_id = ANY (( SELECT public.my_projects('reviewer'::text) AS my_projects)::integer[])));

-- Name: suspect suspect_remove; Type: POLICY; Schema: public; Owner: -

CREATE POLICY suspect_remove ON public.suspect FOR DELETE TO earmark_reviewer USING ((project_id = ANY (( SELECT public.my_projects('reviewer'::text) AS my_projects)::integer[])));

-- Name: tally; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.tally ENABLE ROW LEVEL SECURITY;

-- Name: tally tally_read; Type: POLICY; Schema: public; Owner: -

CREATE POLICY tally_read ON public.tally FOR SELECT TO earmark_reviewer USING ((project_id = ANY (( SELECT public.my_projects('reviewer'::text) AS my_projects)::integer[])));

-- Name: verdict; Type: ROW SECURITY; Schema: public; Owner: -

ALTER TABLE public.verdict ENABLE ROW LEVEL SECURITY;

-- Name: verdict verdict_add; Type: POLICY; Schema: public; Owner: -

CREATE POLICY verdict_add ON public.verdict FOR INSERT TO earmark_reviewer WITH CHECK ((project_id = ANY (( SELECT public.my_projects('reviewer'::text) AS my_projects)::integer[])));

-- Name: verdict verdict_read; Type: POLICY; Schema: public; Owner: -

CREATE POLICY verdict_read ON public.verdict FOR SELECT TO earmark_reviewer USING ((project_id = ANY (( SELECT public.my_projects('reviewer'::text) AS my_projects)::integer[])));

-- Name: SCHEMA public; Type: ACL; Schema: -; Owner: -

GRANT USAGE ON SCHEMA public TO earmark_annotator;

-- Name: FUNCTION lo_close(integer); Type: ACL; Schema: pg_catalog; Owner: -

REVOKE ALL ON FUNCTION pg_catalog.lo_close(integer) FROM PUBLIC;

-- Name: FUNCTION lo_creat(integer); Type: ACL; Schema: pg_catalog; Owner: -

REVOKE ALL ON FUNCTION pg_catalog.lo_creat(integer) FROM PUBLIC;

-- Name: FUNCTION lo_create(oid); Type: ACL; Schema: pg_catalog; Owner: -

REVOKE ALL ON FUNCTION pg_catalog.lo_create(oid) FROM PUBLIC;

-- Name: FUNCTION lo_from_bytea(oid, bytea); Type: ACL; Schema: pg_catalog; Owner: -

REVOKE ALL ON FUNCTION pg_catalog.lo_from_bytea(oid, bytea) FROM PUBLIC;

-- Name: FUNCTION lo_get(oid); Type: ACL; Schema: pg_catalog; Owner: -

REVOKE ALL ON FUNCTION pg_catalog.lo_get(oid) FROM PUBLIC;

-- Name: FUNCTION lo_get(oid, bigint, integer); Type: ACL; Schema: pg_catalog; Owner: -

REVOKE ALL ON FUNCTION pg_catalog.lo_get(oid, bigint, integer) FROM PUBLIC;

-- Name: FUNCTION lo_lseek(integer, integer, integer); Type: ACL; Schema: pg_catalog; Owner: -

REVOKE ALL ON FUNCTION pg_catalog.lo_lseek(integer, integer, integer) FROM PUBLIC;

-- Name: FUNCTION lo_lseek64(integer, bigint, integer); Type: ACL; Schema: pg_catalog; Owner: -

REVOKE ALL ON FUNCTION pg_catalog.lo_lseek64(integer, bigint, integer) FROM PUBLIC;

-- Name: FUNCTION lo_open(oid, integer); Type: ACL; Schema: pg_catalog; Owner: -

REVOKE ALL ON FUNCTION pg_catalog.lo_open(oid, integer) FROM PUBLIC;

-- Name: FUNCTION lo_put(oid, bigint, bytea); Type: ACL; Schema: pg_catalog; Owner: -

REVOKE ALL ON FUNCTION pg_catalog.lo_put(oid, bigint, bytea) FROM PUBLIC;

-- Name: FUNCTION lo_tell(integer); Type: ACL; Schema: pg_catalog; Owner: -

REVOKE ALL ON FUNCTION pg_catalog.lo_tell(integer) FROM PUBLIC;

-- Name: FUNCTION lo_tell64(integer); Type: ACL; Schema: pg_catalog; Owner: -

REVOKE ALL ON FUNCTION pg_catalog.lo_tell64(integer) FROM PUBLIC;

-- Name: FUNCTION lo_truncate(integer, integer); Type: ACL; Schema: pg_catalog; Owner: -

REVOKE ALL ON FUNCTION pg_catalog.lo_truncate(integer, integer) FROM PUBLIC;

-- Name: FUNCTION lo_truncate64(integer, bigint); Type: ACL; Schema: pg_catalog; Owner: -

REVOKE ALL ON FUNCTION pg_catalog.lo_truncate64(integer, bigint) FROM PUBLIC;

-- Name: FUNCTION lo_unlink(oid); Type: ACL; Schema: pg_catalog; Owner: -

REVOKE ALL ON FUNCTION pg_catalog.lo_unlink(oid) FROM PUBLIC;

-- Name: FUNCTION loread(integer, integer); Type: ACL; Schema: pg_catalog; Owner: -

REVOKE ALL ON FUNCTION pg_catalog.loread(integer, integer) FROM PUBLIC;

-- Name: FUNCTION lowrite(integer, bytea); Type: ACL; Schema: pg_catalog; Owner: -

REVOKE ALL ON FUNCTION pg_catalog.lowrite(integer, bytea) FROM PUBLIC;

-- Name: FUNCTION pg_advisory_lock(bigint); Type: ACL; Schema: pg_catalog; Owner: -

REVOKE ALL ON FUNCTION pg_catalog.pg_advisory_lock(bigint) FROM PUBLIC;

-- Name: FUNCTION pg_advisory_lock(integer, integer); Type: ACL; Schema: pg_catalog; Owner: -

REVOKE ALL ON FUNCTION pg_catalog.pg_advisory_lock(integer, integer) FROM PUBLIC;

-- Name: FUNCTION pg_advisory_lock_shared(bigint); Type: ACL; Schema: pg_catalog; Owner: -

REVOKE ALL ON FUNCTION pg_catalog.pg_advisory_lock_shared(bigint) FROM PUBLIC;

-- Name: FUNCTION pg_advisory_lock_shared(integer, integer); Type: ACL; Schema: pg_catalog; Owner: -

REVOKE ALL ON FUNCTION pg_catalog.pg_advisory_lock_shared(integer, integer) FROM PUBLIC;

-- Name: FUNCTION pg_advisory_unlock(bigint); Type: ACL; Schema: pg_catalog; Owner: -

REVOKE ALL ON FUNCTION pg_catalog.pg_advisory_unlock(bigint) FROM PUBLIC;

-- Name: FUNCTION pg_advisory_unlock(integer, integer); Type: ACL; Schema: pg_catalog; Owner: -

REVOKE ALL ON FUNCTION pg_catalog.pg_advisory_unlock(integer, integer) FROM PUBLIC;

-- Name: FUNCTION pg_advisory_unlock_all(); Type: ACL; Schema: pg_catalog; Owner: -

REVOKE ALL ON FUNCTION pg_catalog.pg_advisory_unlock_all() FROM PUBLIC;

-- Name: FUNCTION pg_advisory_unlock_shared(bigint); Type: ACL; Schema: pg_catalog; Owner: -

REVOKE ALL ON FUNCTION pg_catalog.pg_advisory_unlock_shared(bigint) FROM PUBLIC;

-- Name: FUNCTION pg_advisory_unlock_shared(integer, integer); Type: ACL; Schema: pg_catalog; Owner: -

REVOKE ALL ON FUNCTION pg_catalog.pg_advisory_unlock_shared(integer, integer) FROM PUBLIC;

-- Name: FUNCTION pg_advisory_xact_lock(bigint); Type: ACL; Schema: pg_catalog; Owner: -

REVOKE ALL ON FUNCTION pg_catalog.pg_advisory_xact_lock(bigint) FROM PUBLIC;

-- Name: FUNCTION pg_advisory_xact_lock(integer, integer); Type: ACL; Schema: pg_catalog; Owner: -

REVOKE ALL ON FUNCTION pg_catalog.pg_advisory_xact_lock(integer, integer) FROM PUBLIC;

-- Name: FUNCTION pg_advisory_xact_lock_shared(bigint); Type: ACL; Schema: pg_catalog; Owner: -

REVOKE ALL ON FUNCTION pg_catalog.pg_advisory_xact_lock_shared(bigint) FROM PUBLIC;

-- Name: FUNCTION pg_advisory_xact_lock_shared(integer, integer); Type: ACL; Schema: pg_catalog; Owner: -

REVOKE ALL ON FUNCTION pg_catalog.pg_advisory_xact_lock_shared(integer, integer) FROM PUBLIC;

-- Name: FUNCTION pg_try_advisory_lock(bigint); Type: ACL; Schema: pg_catalog; Owner: -

REVOKE ALL ON FUNCTION pg_catalog.pg_try_advisory_lock(bigint) FROM PUBLIC;

-- Name: FUNCTION pg_try_advisory_lock(integer, integer); Type: ACL; Schema: pg_catalog; Owner: -

REVOKE ALL ON FUNCTION pg_catalog.pg_try_advisory_lock(integer, integer) FROM PUBLIC;

-- Name: FUNCTION pg_try_advisory_lock_shared(bigint); Type: ACL; Schema: pg_catalog; Owner: -

REVOKE ALL ON FUNCTION pg_catalog.pg_try_advisory_lock_shared(bigint) FROM PUBLIC;

-- Name: FUNCTION pg_try_advisory_lock_shared(integer, integer); Type: ACL; Schema: pg_catalog; Owner: -

REVOKE ALL ON FUNCTION pg_catalog.pg_try_advisory_lock_shared(integer, integer) FROM PUBLIC;

-- Name: FUNCTION pg_try_advisory_xact_lock(bigint); Type: ACL; Schema: pg_catalog; Owner: -

REVOKE ALL ON FUNCTION pg_catalog.pg_try_advisory_xact_lock(bigint) FROM PUBLIC;

-- Name: FUNCTION pg_try_advisory_xact_lock(integer, integer); Type: ACL; Schema: pg_catalog; Owner: -

REVOKE ALL ON FUNCTION pg_catalog.pg_try_advisory_xact_lock(integer, integer) FROM PUBLIC;

-- Name: FUNCTION pg_try_advisory_xact_lock_shared(bigint); Type: ACL; Schema: pg_catalog; Owner: -

REVOKE ALL ON FUNCTION pg_catalog.pg_try_advisory_xact_lock_shared(bigint) FROM PUBLIC;

-- Name: FUNCTION pg_try_advisory_xact_lock_shared(integer, integer); Type: ACL; Schema: pg_catalog; Owner: -

REVOKE ALL ON FUNCTION pg_catalog.pg_try_advisory_xact_lock_shared(integer, integer) FROM PUBLIC;

-- Name: FUNCTION add_person(name text, verifier text, is_admin boolean); Type: ACL; Schema: public; Owner: -

REVOKE ALL ON FUNCTION public.add_person(name text, verifier text, is_admin boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION public.add_person(name text, verifier text, is_admin boolean) TO earmark_admin;

-- Name: FUNCTION add_project(name text, recipe jsonb); Type: ACL; Schema: public; Owner: -

REVOKE ALL ON FUNCTION public.add_project(name text, recipe jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION public.add_project(name text, recipe jsonb) TO earmark_admin;

-- Name: FUNCTION add_tally(of_project integer, of_facet text, of_key text, more bigint, more_us bigint); Type: ACL; Schema: public; Owner: -

REVOKE ALL ON FUNCTION public.add_tally(of_project integer, of_facet text, of_key text, more bigint, more_us bigint) FROM PUBLIC;

-- Name: FUNCTION check_also(); Type: ACL; Schema: public; Owner: -

REVOKE ALL ON FUNCTION public.check_also() FROM PUBLIC;

-- Name: FUNCTION check_supersedes(); Type: ACL; Schema: public; Owner: -

REVOKE ALL ON FUNCTION public.check_supersedes() FROM PUBLIC;

-- Name: FUNCTION check_verdict(); Type: ACL; Schema: public; Owner: -

REVOKE ALL ON FUNCTION public.check_verdict() FROM PUBLIC;

-- Name: FUNCTION claim_reviews(project_id integer, n integer, have bigint[], minutes integer, label_id integer); Type: ACL; Schema: public; Owner: -

REVOKE ALL ON FUNCTION public.claim_reviews(project_id integer, n integer, have bigint[], minutes integer, label_id integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.claim_reviews(project_id integer, n integer, have bigint[], minutes integer, label_id integer) TO earmark_annotator;

-- Name: FUNCTION close_doors(); Type: ACL; Schema: public; Owner: -

REVOKE ALL ON FUNCTION public.close_doors() FROM PUBLIC;

-- Name: FUNCTION count_waiting(project_id integer); Type: ACL; Schema: public; Owner: -

REVOKE ALL ON FUNCTION public.count_waiting(project_id integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.count_waiting(project_id integer) TO earmark_annotator;

-- Name: FUNCTION demand_duty(project_id integer, at_least text); Type: ACL; Schema: public; Owner: -

REVOKE ALL ON FUNCTION public.demand_duty(project_id integer, at_least text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.demand_duty(project_id integer, at_least text) TO earmark_annotator;

-- Name: FUNCTION demand_lab_admin(); Type: ACL; Schema: public; Owner: -

REVOKE ALL ON FUNCTION public.demand_lab_admin() FROM PUBLIC;
GRANT ALL ON FUNCTION public.demand_lab_admin() TO earmark_annotator;

-- Name: FUNCTION demand_person(name text); Type: ACL; Schema: public; Owner: -

REVOKE ALL ON FUNCTION public.demand_person(name text) FROM PUBLIC;

-- Name: FUNCTION demand_verifier(verifier text); Type: ACL; Schema: public; Owner: -

REVOKE ALL ON FUNCTION public.demand_verifier(verifier text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.demand_verifier(verifier text) TO earmark_annotator;

-- Name: FUNCTION duty_rank(duty text); Type: ACL; Schema: public; Owner: -

REVOKE ALL ON FUNCTION public.duty_rank(duty text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.duty_rank(duty text) TO earmark_annotator;

-- Name: FUNCTION erase_project(project_id integer, name_again text); Type: ACL; Schema: public; Owner: -

REVOKE ALL ON FUNCTION public.erase_project(project_id integer, name_again text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.erase_project(project_id integer, name_again text) TO earmark_admin;

-- Name: FUNCTION fit_group(who text); Type: ACL; Schema: public; Owner: -

REVOKE ALL ON FUNCTION public.fit_group(who text) FROM PUBLIC;

-- Name: FUNCTION fresh_tallies(of_project integer); Type: ACL; Schema: public; Owner: -

REVOKE ALL ON FUNCTION public.fresh_tallies(of_project integer) FROM PUBLIC;

-- Name: FUNCTION grant_duty(project_id integer, person text, duty text); Type: ACL; Schema: public; Owner: -

REVOKE ALL ON FUNCTION public.grant_duty(project_id integer, person text, duty text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.grant_duty(project_id integer, person text, duty text) TO earmark_researcher;

-- Name: FUNCTION hold_run(operation_id bigint); Type: ACL; Schema: public; Owner: -

REVOKE ALL ON FUNCTION public.hold_run(operation_id bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION public.hold_run(operation_id bigint) TO earmark_reviewer;

-- Name: FUNCTION in_us(duration_s double precision); Type: ACL; Schema: public; Owner: -

REVOKE ALL ON FUNCTION public.in_us(duration_s double precision) FROM PUBLIC;

-- Name: FUNCTION index_embeddings(encoder_id integer); Type: ACL; Schema: public; Owner: -

REVOKE ALL ON FUNCTION public.index_embeddings(encoder_id integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.index_embeddings(encoder_id integer) TO earmark_researcher;

-- Name: FUNCTION is_assigned(clip_id bigint); Type: ACL; Schema: public; Owner: -

REVOKE ALL ON FUNCTION public.is_assigned(clip_id bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION public.is_assigned(clip_id bigint) TO earmark_annotator;

-- Name: FUNCTION is_job(verbs jsonb); Type: ACL; Schema: public; Owner: -

REVOKE ALL ON FUNCTION public.is_job(verbs jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION public.is_job(verbs jsonb) TO earmark_reviewer;

-- Name: FUNCTION is_lab_admin(); Type: ACL; Schema: public; Owner: -

REVOKE ALL ON FUNCTION public.is_lab_admin() FROM PUBLIC;
GRANT ALL ON FUNCTION public.is_lab_admin() TO earmark_annotator;

-- Name: FUNCTION keep_to_author(); Type: ACL; Schema: public; Owner: -

REVOKE ALL ON FUNCTION public.keep_to_author() FROM PUBLIC;

-- Name: FUNCTION lock_project(project_id integer); Type: ACL; Schema: public; Owner: -

REVOKE ALL ON FUNCTION public.lock_project(project_id integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.lock_project(project_id integer) TO earmark_reviewer;

-- Name: FUNCTION log_admin_act(act text, person text, project text, detail jsonb); Type: ACL; Schema: public; Owner: -

REVOKE ALL ON FUNCTION public.log_admin_act(act text, person text, project text, detail jsonb) FROM PUBLIC;

-- Name: FUNCTION my_duty(project_id integer); Type: ACL; Schema: public; Owner: -

REVOKE ALL ON FUNCTION public.my_duty(project_id integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.my_duty(project_id integer) TO earmark_annotator;

-- Name: FUNCTION my_projects(at_least text); Type: ACL; Schema: public; Owner: -

REVOKE ALL ON FUNCTION public.my_projects(at_least text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.my_projects(at_least text) TO earmark_annotator;

-- Name: FUNCTION my_standing(project_id integer); Type: ACL; Schema: public; Owner: -

REVOKE ALL ON FUNCTION public.my_standing(project_id integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.my_standing(project_id integer) TO earmark_annotator;

-- Name: FUNCTION queue_job(job_id bigint, queue text, task text); Type: ACL; Schema: public; Owner: -

REVOKE ALL ON FUNCTION public.queue_job(job_id bigint, queue text, task text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.queue_job(job_id bigint, queue text, task text) TO earmark_reviewer;

-- Name: FUNCTION recount(of_project integer); Type: ACL; Schema: public; Owner: -

REVOKE ALL ON FUNCTION public.recount(of_project integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.recount(of_project integer) TO earmark_researcher;

-- Name: FUNCTION refuse_change(); Type: ACL; Schema: public; Owner: -

REVOKE ALL ON FUNCTION public.refuse_change() FROM PUBLIC;

-- Name: FUNCTION release_claims(project_id integer, clip_ids bigint[]); Type: ACL; Schema: public; Owner: -

REVOKE ALL ON FUNCTION public.release_claims(project_id integer, clip_ids bigint[]) FROM PUBLIC;
GRANT ALL ON FUNCTION public.release_claims(project_id integer, clip_ids bigint[]) TO earmark_annotator;

-- Name: FUNCTION release_run(operation_id bigint); Type: ACL; Schema: public; Owner: -

REVOKE ALL ON FUNCTION public.release_run(operation_id bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION public.release_run(operation_id bigint) TO earmark_reviewer;

-- Name: FUNCTION remove_person(name text); Type: ACL; Schema: public; Owner: -

REVOKE ALL ON FUNCTION public.remove_person(name text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.remove_person(name text) TO earmark_admin;

-- Name: FUNCTION revoke_duty(project_id integer, person text); Type: ACL; Schema: public; Owner: -

REVOKE ALL ON FUNCTION public.revoke_duty(project_id integer, person text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.revoke_duty(project_id integer, person text) TO earmark_researcher;

-- Name: FUNCTION set_password(name text, verifier text); Type: ACL; Schema: public; Owner: -

REVOKE ALL ON FUNCTION public.set_password(name text, verifier text) FROM PUBLIC;
GRANT ALL ON FUNCTION public.set_password(name text, verifier text) TO earmark_annotator;

-- Name: FUNCTION settle_review(); Type: ACL; Schema: public; Owner: -

REVOKE ALL ON FUNCTION public.settle_review() FROM PUBLIC;

-- Name: FUNCTION skip_review(project_id integer, clip_id bigint); Type: ACL; Schema: public; Owner: -

REVOKE ALL ON FUNCTION public.skip_review(project_id integer, clip_id bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION public.skip_review(project_id integer, clip_id bigint) TO earmark_annotator;

-- Name: FUNCTION stamp_author(); Type: ACL; Schema: public; Owner: -

REVOKE ALL ON FUNCTION public.stamp_author() FROM PUBLIC;

-- Name: FUNCTION sweep_dead(project_id integer); Type: ACL; Schema: public; Owner: -

REVOKE ALL ON FUNCTION public.sweep_dead(project_id integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.sweep_dead(project_id integer) TO earmark_annotator;

-- Name: FUNCTION tally_annotations(); Type: ACL; Schema: public; Owner: -

REVOKE ALL ON FUNCTION public.tally_annotations() FROM PUBLIC;

-- Name: FUNCTION tally_clips(); Type: ACL; Schema: public; Owner: -

REVOKE ALL ON FUNCTION public.tally_clips() FROM PUBLIC;

-- Name: FUNCTION tally_cuts(); Type: ACL; Schema: public; Owner: -

REVOKE ALL ON FUNCTION public.tally_cuts() FROM PUBLIC;

-- Name: FUNCTION tally_embeddings(); Type: ACL; Schema: public; Owner: -

REVOKE ALL ON FUNCTION public.tally_embeddings() FROM PUBLIC;

-- Name: FUNCTION tally_failures(); Type: ACL; Schema: public; Owner: -

REVOKE ALL ON FUNCTION public.tally_failures() FROM PUBLIC;

-- Name: FUNCTION tally_flags(); Type: ACL; Schema: public; Owner: -

REVOKE ALL ON FUNCTION public.tally_flags() FROM PUBLIC;

-- Name: FUNCTION tally_problems(); Type: ACL; Schema: public; Owner: -

REVOKE ALL ON FUNCTION public.tally_problems() FROM PUBLIC;

-- Name: FUNCTION tally_recordings(); Type: ACL; Schema: public; Owner: -

REVOKE ALL ON FUNCTION public.tally_recordings() FROM PUBLIC;

-- Name: FUNCTION tally_reviews(); Type: ACL; Schema: public; Owner: -

REVOKE ALL ON FUNCTION public.tally_reviews() FROM PUBLIC;

-- Name: FUNCTION tally_rows(); Type: ACL; Schema: public; Owner: -

REVOKE ALL ON FUNCTION public.tally_rows() FROM PUBLIC;

-- Name: FUNCTION waiting_by_proposal(project_id integer); Type: ACL; Schema: public; Owner: -

REVOKE ALL ON FUNCTION public.waiting_by_proposal(project_id integer) FROM PUBLIC;
GRANT ALL ON FUNCTION public.waiting_by_proposal(project_id integer) TO earmark_annotator;

-- Name: TABLE admin_act; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.admin_act TO earmark_admin;

-- Name: TABLE annotation; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.annotation TO earmark_annotator;
GRANT SELECT ON TABLE public.annotation TO earmark_reviewer;

-- Name: COLUMN annotation.annotation_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(annotation_id) ON TABLE public.annotation TO earmark_annotator;

-- Name: COLUMN annotation.project_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(project_id) ON TABLE public.annotation TO earmark_annotator;

-- Name: COLUMN annotation.clip_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(clip_id) ON TABLE public.annotation TO earmark_annotator;

-- Name: COLUMN annotation.source; Type: ACL; Schema: public; Owner: -

GRANT INSERT(source) ON TABLE public.annotation TO earmark_annotator;

-- Name: COLUMN annotation.answer; Type: ACL; Schema: public; Owner: -

GRANT INSERT(answer) ON TABLE public.annotation TO earmark_annotator;

-- Name: COLUMN annotation.label_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(label_id) ON TABLE public.annotation TO earmark_annotator;

-- Name: COLUMN annotation.confidence; Type: ACL; Schema: public; Owner: -

GRANT INSERT(confidence) ON TABLE public.annotation TO earmark_annotator;

-- Name: COLUMN annotation.supersedes; Type: ACL; Schema: public; Owner: -

GRANT INSERT(supersedes) ON TABLE public.annotation TO earmark_annotator;

-- Name: COLUMN annotation.n_plays; Type: ACL; Schema: public; Owner: -

GRANT INSERT(n_plays) ON TABLE public.annotation TO earmark_annotator;

-- Name: COLUMN annotation.heard_s; Type: ACL; Schema: public; Owner: -

GRANT INSERT(heard_s) ON TABLE public.annotation TO earmark_annotator;

-- Name: COLUMN annotation.response_ms; Type: ACL; Schema: public; Owner: -

GRANT INSERT(response_ms) ON TABLE public.annotation TO earmark_annotator;

-- Name: COLUMN annotation.speed; Type: ACL; Schema: public; Owner: -

GRANT INSERT(speed) ON TABLE public.annotation TO earmark_annotator;

-- Name: COLUMN annotation.heard_share; Type: ACL; Schema: public; Owner: -

GRANT INSERT(heard_share) ON TABLE public.annotation TO earmark_annotator;

-- Name: COLUMN annotation.picture; Type: ACL; Schema: public; Owner: -

GRANT INSERT(picture) ON TABLE public.annotation TO earmark_annotator;

-- Name: COLUMN annotation.screen; Type: ACL; Schema: public; Owner: -

GRANT INSERT(screen) ON TABLE public.annotation TO earmark_annotator;

-- Name: COLUMN annotation.settles; Type: ACL; Schema: public; Owner: -

GRANT INSERT(settles) ON TABLE public.annotation TO earmark_annotator;

-- Name: COLUMN annotation.also_label_ids; Type: ACL; Schema: public; Owner: -

GRANT INSERT(also_label_ids) ON TABLE public.annotation TO earmark_annotator;

-- Name: TABLE assignment; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.assignment TO earmark_annotator;
GRANT SELECT ON TABLE public.assignment TO earmark_reviewer;

-- Name: TABLE augmentation; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.augmentation TO earmark_reviewer;

-- Name: COLUMN augmentation.project_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(project_id) ON TABLE public.augmentation TO earmark_researcher;

-- Name: COLUMN augmentation.name; Type: ACL; Schema: public; Owner: -

GRANT INSERT(name) ON TABLE public.augmentation TO earmark_researcher;

-- Name: COLUMN augmentation.spec; Type: ACL; Schema: public; Owner: -

GRANT INSERT(spec) ON TABLE public.augmentation TO earmark_researcher;

-- Name: COLUMN augmentation.spec_sha256; Type: ACL; Schema: public; Owner: -

GRANT INSERT(spec_sha256) ON TABLE public.augmentation TO earmark_researcher;

-- Name: COLUMN augmentation.operation_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(operation_id) ON TABLE public.augmentation TO earmark_researcher;

-- Name: TABLE augmented_clip; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.augmented_clip TO earmark_reviewer;

-- Name: COLUMN augmented_clip.augmentation_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(augmentation_id) ON TABLE public.augmented_clip TO earmark_researcher;

-- Name: COLUMN augmented_clip.project_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(project_id) ON TABLE public.augmented_clip TO earmark_researcher;

-- Name: COLUMN augmented_clip.clip_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(clip_id) ON TABLE public.augmented_clip TO earmark_researcher;

-- Name: COLUMN augmented_clip."position"; Type: ACL; Schema: public; Owner: -

GRANT INSERT("position") ON TABLE public.augmented_clip TO earmark_researcher;

-- Name: COLUMN augmented_clip.spec; Type: ACL; Schema: public; Owner: -

GRANT INSERT(spec) ON TABLE public.augmented_clip TO earmark_researcher;

-- Name: COLUMN augmented_clip.seed; Type: ACL; Schema: public; Owner: -

GRANT INSERT(seed) ON TABLE public.augmented_clip TO earmark_researcher;

-- Name: COLUMN augmented_clip.sha256; Type: ACL; Schema: public; Owner: -

GRANT INSERT(sha256) ON TABLE public.augmented_clip TO earmark_researcher;

-- Name: COLUMN augmented_clip.rate_hz; Type: ACL; Schema: public; Owner: -

GRANT INSERT(rate_hz) ON TABLE public.augmented_clip TO earmark_researcher;

-- Name: COLUMN augmented_clip.n_channels; Type: ACL; Schema: public; Owner: -

GRANT INSERT(n_channels) ON TABLE public.augmented_clip TO earmark_researcher;

-- Name: COLUMN augmented_clip.n_samples; Type: ACL; Schema: public; Owner: -

GRANT INSERT(n_samples) ON TABLE public.augmented_clip TO earmark_researcher;

-- Name: COLUMN augmented_clip.object_key; Type: ACL; Schema: public; Owner: -

GRANT INSERT(object_key),UPDATE(object_key) ON TABLE public.augmented_clip TO earmark_researcher;

-- Name: TABLE clip; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.clip TO earmark_annotator;
GRANT SELECT ON TABLE public.clip TO earmark_reviewer;

-- Name: COLUMN clip.project_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(project_id) ON TABLE public.clip TO earmark_researcher;

-- Name: COLUMN clip.recording_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(recording_id) ON TABLE public.clip TO earmark_researcher;

-- Name: COLUMN clip.cut_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(cut_id) ON TABLE public.clip TO earmark_researcher;

-- Name: COLUMN clip.start_sample; Type: ACL; Schema: public; Owner: -

GRANT INSERT(start_sample) ON TABLE public.clip TO earmark_researcher;

-- Name: COLUMN clip.stop_sample; Type: ACL; Schema: public; Owner: -

GRANT INSERT(stop_sample) ON TABLE public.clip TO earmark_researcher;

-- Name: COLUMN clip.object_key; Type: ACL; Schema: public; Owner: -

GRANT INSERT(object_key) ON TABLE public.clip TO earmark_researcher;

-- Name: COLUMN clip.sha256; Type: ACL; Schema: public; Owner: -

GRANT INSERT(sha256) ON TABLE public.clip TO earmark_researcher;

-- Name: COLUMN clip.rate_hz; Type: ACL; Schema: public; Owner: -

GRANT INSERT(rate_hz) ON TABLE public.clip TO earmark_researcher;

-- Name: COLUMN clip.n_channels; Type: ACL; Schema: public; Owner: -

GRANT INSERT(n_channels) ON TABLE public.clip TO earmark_researcher;

-- Name: COLUMN clip.n_samples; Type: ACL; Schema: public; Owner: -

GRANT INSERT(n_samples) ON TABLE public.clip TO earmark_researcher;

-- Name: COLUMN clip.peak_dbfs; Type: ACL; Schema: public; Owner: -

GRANT INSERT(peak_dbfs) ON TABLE public.clip TO earmark_researcher;

-- Name: COLUMN clip.rms_dbfs; Type: ACL; Schema: public; Owner: -

GRANT INSERT(rms_dbfs) ON TABLE public.clip TO earmark_researcher;

-- Name: COLUMN clip.thumbnail; Type: ACL; Schema: public; Owner: -

GRANT INSERT(thumbnail) ON TABLE public.clip TO earmark_researcher;

-- Name: COLUMN clip.is_active; Type: ACL; Schema: public; Owner: -

GRANT INSERT(is_active),UPDATE(is_active) ON TABLE public.clip TO earmark_researcher;

-- Name: COLUMN clip.is_redundant; Type: ACL; Schema: public; Owner: -

GRANT INSERT(is_redundant),UPDATE(is_redundant) ON TABLE public.clip TO earmark_researcher;

-- Name: COLUMN clip.loudness_lufs; Type: ACL; Schema: public; Owner: -

GRANT INSERT(loudness_lufs) ON TABLE public.clip TO earmark_researcher;

-- Name: COLUMN clip.snr_db; Type: ACL; Schema: public; Owner: -

GRANT INSERT(snr_db) ON TABLE public.clip TO earmark_researcher;

-- Name: COLUMN clip.silence_ratio; Type: ACL; Schema: public; Owner: -

GRANT INSERT(silence_ratio) ON TABLE public.clip TO earmark_researcher;

-- Name: COLUMN clip.clipped_ratio; Type: ACL; Schema: public; Owner: -

GRANT INSERT(clipped_ratio) ON TABLE public.clip TO earmark_researcher;

-- Name: COLUMN clip.dc_offset; Type: ACL; Schema: public; Owner: -

GRANT INSERT(dc_offset) ON TABLE public.clip TO earmark_researcher;

-- Name: COLUMN clip.bandwidth_hz; Type: ACL; Schema: public; Owner: -

GRANT INSERT(bandwidth_hz) ON TABLE public.clip TO earmark_researcher;

-- Name: TABLE consensus; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.consensus TO earmark_reviewer;
GRANT DELETE ON TABLE public.consensus TO earmark_researcher;

-- Name: COLUMN consensus.clip_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(clip_id) ON TABLE public.consensus TO earmark_researcher;

-- Name: COLUMN consensus.project_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(project_id) ON TABLE public.consensus TO earmark_researcher;

-- Name: COLUMN consensus.answer; Type: ACL; Schema: public; Owner: -

GRANT INSERT(answer) ON TABLE public.consensus TO earmark_researcher;

-- Name: COLUMN consensus.label_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(label_id) ON TABLE public.consensus TO earmark_researcher;

-- Name: COLUMN consensus.confidence; Type: ACL; Schema: public; Owner: -

GRANT INSERT(confidence) ON TABLE public.consensus TO earmark_researcher;

-- Name: COLUMN consensus.n_votes; Type: ACL; Schema: public; Owner: -

GRANT INSERT(n_votes) ON TABLE public.consensus TO earmark_researcher;

-- Name: COLUMN consensus.is_disputed; Type: ACL; Schema: public; Owner: -

GRANT INSERT(is_disputed) ON TABLE public.consensus TO earmark_researcher;

-- Name: COLUMN consensus.also_label_ids; Type: ACL; Schema: public; Owner: -

GRANT INSERT(also_label_ids) ON TABLE public.consensus TO earmark_researcher;

-- Name: TABLE current_annotation; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.current_annotation TO earmark_annotator;
GRANT SELECT ON TABLE public.current_annotation TO earmark_reviewer;

-- Name: TABLE cut; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.cut TO earmark_reviewer;

-- Name: COLUMN cut.project_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(project_id) ON TABLE public.cut TO earmark_researcher;

-- Name: COLUMN cut.recording_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(recording_id) ON TABLE public.cut TO earmark_researcher;

-- Name: COLUMN cut.spec; Type: ACL; Schema: public; Owner: -

GRANT INSERT(spec) ON TABLE public.cut TO earmark_researcher;

-- Name: COLUMN cut.spec_sha256; Type: ACL; Schema: public; Owner: -

GRANT INSERT(spec_sha256) ON TABLE public.cut TO earmark_researcher;

-- Name: COLUMN cut.n_clips; Type: ACL; Schema: public; Owner: -

GRANT INSERT(n_clips) ON TABLE public.cut TO earmark_researcher;

-- Name: COLUMN cut.is_active; Type: ACL; Schema: public; Owner: -

GRANT INSERT(is_active),UPDATE(is_active) ON TABLE public.cut TO earmark_researcher;

-- Name: COLUMN cut.operation_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(operation_id) ON TABLE public.cut TO earmark_researcher;

-- Name: TABLE dataset; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.dataset TO earmark_reviewer;

-- Name: COLUMN dataset.project_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(project_id) ON TABLE public.dataset TO earmark_researcher;

-- Name: COLUMN dataset.name; Type: ACL; Schema: public; Owner: -

GRANT INSERT(name),UPDATE(name) ON TABLE public.dataset TO earmark_researcher;

-- Name: TABLE dataset_item; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.dataset_item TO earmark_reviewer;

-- Name: COLUMN dataset_item.dataset_version_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(dataset_version_id) ON TABLE public.dataset_item TO earmark_researcher;

-- Name: COLUMN dataset_item.clip_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(clip_id) ON TABLE public.dataset_item TO earmark_researcher;

-- Name: COLUMN dataset_item.project_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(project_id) ON TABLE public.dataset_item TO earmark_researcher;

-- Name: COLUMN dataset_item.split; Type: ACL; Schema: public; Owner: -

GRANT INSERT(split) ON TABLE public.dataset_item TO earmark_researcher;

-- Name: COLUMN dataset_item.label; Type: ACL; Schema: public; Owner: -

GRANT INSERT(label) ON TABLE public.dataset_item TO earmark_researcher;

-- Name: COLUMN dataset_item.confidence; Type: ACL; Schema: public; Owner: -

GRANT INSERT(confidence) ON TABLE public.dataset_item TO earmark_researcher;

-- Name: COLUMN dataset_item.n_votes; Type: ACL; Schema: public; Owner: -

GRANT INSERT(n_votes) ON TABLE public.dataset_item TO earmark_researcher;

-- Name: COLUMN dataset_item.object_key; Type: ACL; Schema: public; Owner: -

GRANT INSERT(object_key) ON TABLE public.dataset_item TO earmark_researcher;

-- Name: COLUMN dataset_item.sha256; Type: ACL; Schema: public; Owner: -

GRANT INSERT(sha256) ON TABLE public.dataset_item TO earmark_researcher;

-- Name: COLUMN dataset_item.rate_hz; Type: ACL; Schema: public; Owner: -

GRANT INSERT(rate_hz) ON TABLE public.dataset_item TO earmark_researcher;

-- Name: COLUMN dataset_item.n_channels; Type: ACL; Schema: public; Owner: -

GRANT INSERT(n_channels) ON TABLE public.dataset_item TO earmark_researcher;

-- Name: COLUMN dataset_item.n_samples; Type: ACL; Schema: public; Owner: -

GRANT INSERT(n_samples) ON TABLE public.dataset_item TO earmark_researcher;

-- Name: COLUMN dataset_item.recording_uri; Type: ACL; Schema: public; Owner: -

GRANT INSERT(recording_uri) ON TABLE public.dataset_item TO earmark_researcher;

-- Name: COLUMN dataset_item.start_sample; Type: ACL; Schema: public; Owner: -

GRANT INSERT(start_sample) ON TABLE public.dataset_item TO earmark_researcher;

-- Name: COLUMN dataset_item.stop_sample; Type: ACL; Schema: public; Owner: -

GRANT INSERT(stop_sample) ON TABLE public.dataset_item TO earmark_researcher;

-- Name: COLUMN dataset_item.split_group; Type: ACL; Schema: public; Owner: -

GRANT INSERT(split_group) ON TABLE public.dataset_item TO earmark_researcher;

-- Name: COLUMN dataset_item.also; Type: ACL; Schema: public; Owner: -

GRANT INSERT(also) ON TABLE public.dataset_item TO earmark_researcher;

-- Name: TABLE dataset_version; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.dataset_version TO earmark_reviewer;

-- Name: COLUMN dataset_version.project_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(project_id) ON TABLE public.dataset_version TO earmark_researcher;

-- Name: COLUMN dataset_version.dataset_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(dataset_id) ON TABLE public.dataset_version TO earmark_researcher;

-- Name: COLUMN dataset_version.version; Type: ACL; Schema: public; Owner: -

GRANT INSERT(version) ON TABLE public.dataset_version TO earmark_researcher;

-- Name: COLUMN dataset_version.spec; Type: ACL; Schema: public; Owner: -

GRANT INSERT(spec) ON TABLE public.dataset_version TO earmark_researcher;

-- Name: COLUMN dataset_version.n_items; Type: ACL; Schema: public; Owner: -

GRANT INSERT(n_items) ON TABLE public.dataset_version TO earmark_researcher;

-- Name: COLUMN dataset_version.manifest_sha256; Type: ACL; Schema: public; Owner: -

GRANT INSERT(manifest_sha256) ON TABLE public.dataset_version TO earmark_researcher;

-- Name: COLUMN dataset_version.operation_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(operation_id) ON TABLE public.dataset_version TO earmark_researcher;

-- Name: TABLE duplicate; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.duplicate TO earmark_reviewer;
GRANT DELETE ON TABLE public.duplicate TO earmark_researcher;

-- Name: COLUMN duplicate.clip_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(clip_id) ON TABLE public.duplicate TO earmark_researcher;

-- Name: COLUMN duplicate.project_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(project_id) ON TABLE public.duplicate TO earmark_researcher;

-- Name: COLUMN duplicate.duplicate_group_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(duplicate_group_id) ON TABLE public.duplicate TO earmark_researcher;

-- Name: COLUMN duplicate.distance; Type: ACL; Schema: public; Owner: -

GRANT INSERT(distance) ON TABLE public.duplicate TO earmark_researcher;

-- Name: COLUMN duplicate.reason; Type: ACL; Schema: public; Owner: -

GRANT INSERT(reason) ON TABLE public.duplicate TO earmark_researcher;

-- Name: COLUMN duplicate.lag_s; Type: ACL; Schema: public; Owner: -

GRANT INSERT(lag_s) ON TABLE public.duplicate TO earmark_researcher;

-- Name: COLUMN duplicate.finding; Type: ACL; Schema: public; Owner: -

GRANT INSERT(finding) ON TABLE public.duplicate TO earmark_researcher;

-- Name: COLUMN duplicate.overlap_s; Type: ACL; Schema: public; Owner: -

GRANT INSERT(overlap_s) ON TABLE public.duplicate TO earmark_researcher;

-- Name: TABLE duplicate_decision; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.duplicate_decision TO earmark_reviewer;

-- Name: COLUMN duplicate_decision.project_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(project_id) ON TABLE public.duplicate_decision TO earmark_researcher;

-- Name: COLUMN duplicate_decision.clip_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(clip_id) ON TABLE public.duplicate_decision TO earmark_researcher;

-- Name: COLUMN duplicate_decision.decision; Type: ACL; Schema: public; Owner: -

GRANT INSERT(decision) ON TABLE public.duplicate_decision TO earmark_researcher;

-- Name: TABLE duplicate_group; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.duplicate_group TO earmark_reviewer;
GRANT DELETE ON TABLE public.duplicate_group TO earmark_researcher;

-- Name: COLUMN duplicate_group.project_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(project_id) ON TABLE public.duplicate_group TO earmark_researcher;

-- Name: COLUMN duplicate_group.representative_clip_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(representative_clip_id),UPDATE(representative_clip_id) ON TABLE public.duplicate_group TO earmark_researcher;

-- Name: COLUMN duplicate_group.operation_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(operation_id) ON TABLE public.duplicate_group TO earmark_researcher;

-- Name: TABLE embedding; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.embedding TO earmark_reviewer;

-- Name: COLUMN embedding.encoder_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(encoder_id) ON TABLE public.embedding TO earmark_researcher;

-- Name: COLUMN embedding.clip_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(clip_id) ON TABLE public.embedding TO earmark_researcher;

-- Name: COLUMN embedding.project_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(project_id) ON TABLE public.embedding TO earmark_researcher;

-- Name: COLUMN embedding.vector; Type: ACL; Schema: public; Owner: -

GRANT INSERT(vector) ON TABLE public.embedding TO earmark_researcher;

-- Name: TABLE encoder; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.encoder TO earmark_reviewer;

-- Name: COLUMN encoder.project_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(project_id) ON TABLE public.encoder TO earmark_researcher;

-- Name: COLUMN encoder.spec; Type: ACL; Schema: public; Owner: -

GRANT INSERT(spec) ON TABLE public.encoder TO earmark_researcher;

-- Name: COLUMN encoder.spec_sha256; Type: ACL; Schema: public; Owner: -

GRANT INSERT(spec_sha256) ON TABLE public.encoder TO earmark_researcher;

-- Name: COLUMN encoder.n_dims; Type: ACL; Schema: public; Owner: -

GRANT INSERT(n_dims),UPDATE(n_dims) ON TABLE public.encoder TO earmark_researcher;

-- Name: COLUMN encoder.is_current; Type: ACL; Schema: public; Owner: -

GRANT INSERT(is_current),UPDATE(is_current) ON TABLE public.encoder TO earmark_researcher;

-- Name: TABLE failure; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.failure TO earmark_reviewer;

-- Name: COLUMN failure.project_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(project_id) ON TABLE public.failure TO earmark_reviewer;

-- Name: COLUMN failure.operation_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(operation_id),UPDATE(operation_id) ON TABLE public.failure TO earmark_reviewer;

-- Name: COLUMN failure.stage; Type: ACL; Schema: public; Owner: -

GRANT INSERT(stage) ON TABLE public.failure TO earmark_reviewer;

-- Name: COLUMN failure.item; Type: ACL; Schema: public; Owner: -

GRANT INSERT(item) ON TABLE public.failure TO earmark_reviewer;

-- Name: COLUMN failure.error; Type: ACL; Schema: public; Owner: -

GRANT INSERT(error),UPDATE(error) ON TABLE public.failure TO earmark_reviewer;

-- Name: COLUMN failure.message; Type: ACL; Schema: public; Owner: -

GRANT INSERT(message),UPDATE(message) ON TABLE public.failure TO earmark_reviewer;

-- Name: COLUMN failure.n_attempts; Type: ACL; Schema: public; Owner: -

GRANT INSERT(n_attempts),UPDATE(n_attempts) ON TABLE public.failure TO earmark_reviewer;

-- Name: COLUMN failure.resolved_at; Type: ACL; Schema: public; Owner: -

GRANT INSERT(resolved_at),UPDATE(resolved_at) ON TABLE public.failure TO earmark_reviewer;

-- Name: TABLE fingerprint; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.fingerprint TO earmark_reviewer;
GRANT DELETE ON TABLE public.fingerprint TO earmark_researcher;

-- Name: COLUMN fingerprint.clip_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(clip_id) ON TABLE public.fingerprint TO earmark_researcher;

-- Name: COLUMN fingerprint.project_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(project_id) ON TABLE public.fingerprint TO earmark_researcher;

-- Name: COLUMN fingerprint.method; Type: ACL; Schema: public; Owner: -

GRANT INSERT(method) ON TABLE public.fingerprint TO earmark_researcher;

-- Name: COLUMN fingerprint.marks; Type: ACL; Schema: public; Owner: -

GRANT INSERT(marks) ON TABLE public.fingerprint TO earmark_researcher;

-- Name: TABLE flag; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.flag TO earmark_annotator;
GRANT SELECT ON TABLE public.flag TO earmark_reviewer;

-- Name: COLUMN flag.flag_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(flag_id) ON TABLE public.flag TO earmark_annotator;

-- Name: COLUMN flag.project_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(project_id) ON TABLE public.flag TO earmark_annotator;

-- Name: COLUMN flag.clip_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(clip_id) ON TABLE public.flag TO earmark_annotator;

-- Name: COLUMN flag.is_raised; Type: ACL; Schema: public; Owner: -

GRANT INSERT(is_raised) ON TABLE public.flag TO earmark_annotator;

-- Name: TABLE gold; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.gold TO earmark_reviewer;

-- Name: COLUMN gold.gold_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(gold_id) ON TABLE public.gold TO earmark_reviewer;

-- Name: COLUMN gold.project_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(project_id) ON TABLE public.gold TO earmark_reviewer;

-- Name: COLUMN gold.clip_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(clip_id) ON TABLE public.gold TO earmark_reviewer;

-- Name: COLUMN gold.is_gold; Type: ACL; Schema: public; Owner: -

GRANT INSERT(is_gold) ON TABLE public.gold TO earmark_reviewer;

-- Name: COLUMN gold.answer; Type: ACL; Schema: public; Owner: -

GRANT INSERT(answer) ON TABLE public.gold TO earmark_reviewer;

-- Name: COLUMN gold.label_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(label_id) ON TABLE public.gold TO earmark_reviewer;

-- Name: TABLE job; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.job TO earmark_reviewer;

-- Name: COLUMN job.project_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(project_id) ON TABLE public.job TO earmark_reviewer;

-- Name: COLUMN job.verbs; Type: ACL; Schema: public; Owner: -

GRANT INSERT(verbs) ON TABLE public.job TO earmark_reviewer;

-- Name: COLUMN job.source_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(source_id) ON TABLE public.job TO earmark_reviewer;

-- Name: COLUMN job.state; Type: ACL; Schema: public; Owner: -

GRANT UPDATE(state) ON TABLE public.job TO earmark_reviewer;

-- Name: COLUMN job.is_cancel_asked; Type: ACL; Schema: public; Owner: -

GRANT UPDATE(is_cancel_asked) ON TABLE public.job TO earmark_reviewer;

-- Name: COLUMN job.message; Type: ACL; Schema: public; Owner: -

GRANT UPDATE(message) ON TABLE public.job TO earmark_reviewer;

-- Name: COLUMN job.retry_at; Type: ACL; Schema: public; Owner: -

GRANT UPDATE(retry_at) ON TABLE public.job TO earmark_reviewer;

-- Name: COLUMN job.ended_at; Type: ACL; Schema: public; Owner: -

GRANT UPDATE(ended_at) ON TABLE public.job TO earmark_reviewer;

-- Name: TABLE label; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.label TO earmark_annotator;
GRANT SELECT ON TABLE public.label TO earmark_reviewer;

-- Name: COLUMN label.project_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(project_id) ON TABLE public.label TO earmark_researcher;

-- Name: COLUMN label.name; Type: ACL; Schema: public; Owner: -

GRANT INSERT(name) ON TABLE public.label TO earmark_researcher;

-- Name: COLUMN label."position"; Type: ACL; Schema: public; Owner: -

GRANT INSERT("position") ON TABLE public.label TO earmark_researcher;

-- Name: TABLE map_point; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.map_point TO earmark_reviewer;
GRANT DELETE ON TABLE public.map_point TO earmark_researcher;

-- Name: COLUMN map_point.encoder_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(encoder_id) ON TABLE public.map_point TO earmark_researcher;

-- Name: COLUMN map_point.clip_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(clip_id) ON TABLE public.map_point TO earmark_researcher;

-- Name: COLUMN map_point.project_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(project_id) ON TABLE public.map_point TO earmark_researcher;

-- Name: COLUMN map_point.x; Type: ACL; Schema: public; Owner: -

GRANT INSERT(x) ON TABLE public.map_point TO earmark_researcher;

-- Name: COLUMN map_point.y; Type: ACL; Schema: public; Owner: -

GRANT INSERT(y) ON TABLE public.map_point TO earmark_researcher;

-- Name: TABLE member; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.member TO earmark_annotator;
GRANT SELECT ON TABLE public.member TO earmark_reviewer;

-- Name: TABLE operation; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.operation TO earmark_annotator;
GRANT SELECT ON TABLE public.operation TO earmark_reviewer;

-- Name: COLUMN operation.project_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(project_id) ON TABLE public.operation TO earmark_reviewer;

-- Name: COLUMN operation.action; Type: ACL; Schema: public; Owner: -

GRANT INSERT(action) ON TABLE public.operation TO earmark_reviewer;

-- Name: COLUMN operation.spec; Type: ACL; Schema: public; Owner: -

GRANT INSERT(spec) ON TABLE public.operation TO earmark_reviewer;

-- Name: COLUMN operation.job_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(job_id) ON TABLE public.operation TO earmark_reviewer;

-- Name: TABLE operation_outcome; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.operation_outcome TO earmark_annotator;
GRANT SELECT ON TABLE public.operation_outcome TO earmark_reviewer;

-- Name: COLUMN operation_outcome.operation_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(operation_id) ON TABLE public.operation_outcome TO earmark_reviewer;

-- Name: COLUMN operation_outcome.project_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(project_id) ON TABLE public.operation_outcome TO earmark_reviewer;

-- Name: COLUMN operation_outcome.status; Type: ACL; Schema: public; Owner: -

GRANT INSERT(status) ON TABLE public.operation_outcome TO earmark_reviewer;

-- Name: COLUMN operation_outcome.n_input; Type: ACL; Schema: public; Owner: -

GRANT INSERT(n_input) ON TABLE public.operation_outcome TO earmark_reviewer;

-- Name: COLUMN operation_outcome.n_done; Type: ACL; Schema: public; Owner: -

GRANT INSERT(n_done) ON TABLE public.operation_outcome TO earmark_reviewer;

-- Name: COLUMN operation_outcome.n_unchanged; Type: ACL; Schema: public; Owner: -

GRANT INSERT(n_unchanged) ON TABLE public.operation_outcome TO earmark_reviewer;

-- Name: COLUMN operation_outcome.n_failed; Type: ACL; Schema: public; Owner: -

GRANT INSERT(n_failed) ON TABLE public.operation_outcome TO earmark_reviewer;

-- Name: COLUMN operation_outcome.detail; Type: ACL; Schema: public; Owner: -

GRANT INSERT(detail) ON TABLE public.operation_outcome TO earmark_reviewer;

-- Name: COLUMN operation_outcome.message; Type: ACL; Schema: public; Owner: -

GRANT INSERT(message) ON TABLE public.operation_outcome TO earmark_reviewer;

-- Name: TABLE person; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.person TO earmark_annotator;
GRANT SELECT ON TABLE public.person TO earmark_reviewer;

-- Name: TABLE problem; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.problem TO earmark_reviewer;
GRANT DELETE ON TABLE public.problem TO earmark_researcher;

-- Name: COLUMN problem.project_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(project_id) ON TABLE public.problem TO earmark_researcher;

-- Name: COLUMN problem.recording_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(recording_id) ON TABLE public.problem TO earmark_researcher;

-- Name: COLUMN problem.clip_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(clip_id) ON TABLE public.problem TO earmark_researcher;

-- Name: COLUMN problem.kind; Type: ACL; Schema: public; Owner: -

GRANT INSERT(kind) ON TABLE public.problem TO earmark_researcher;

-- Name: COLUMN problem.message; Type: ACL; Schema: public; Owner: -

GRANT INSERT(message) ON TABLE public.problem TO earmark_researcher;

-- Name: COLUMN problem.fix; Type: ACL; Schema: public; Owner: -

GRANT INSERT(fix) ON TABLE public.problem TO earmark_researcher;

-- Name: TABLE progress; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.progress TO earmark_annotator;
GRANT SELECT ON TABLE public.progress TO earmark_reviewer;

-- Name: COLUMN progress.operation_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(operation_id) ON TABLE public.progress TO earmark_reviewer;

-- Name: COLUMN progress.project_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(project_id) ON TABLE public.progress TO earmark_reviewer;

-- Name: COLUMN progress.stage; Type: ACL; Schema: public; Owner: -

GRANT INSERT(stage),UPDATE(stage) ON TABLE public.progress TO earmark_reviewer;

-- Name: COLUMN progress.n_done; Type: ACL; Schema: public; Owner: -

GRANT INSERT(n_done),UPDATE(n_done) ON TABLE public.progress TO earmark_reviewer;

-- Name: COLUMN progress.n_failed; Type: ACL; Schema: public; Owner: -

GRANT INSERT(n_failed),UPDATE(n_failed) ON TABLE public.progress TO earmark_reviewer;

-- Name: COLUMN progress.n_total; Type: ACL; Schema: public; Owner: -

GRANT INSERT(n_total),UPDATE(n_total) ON TABLE public.progress TO earmark_reviewer;

-- Name: COLUMN progress.is_cancel_asked; Type: ACL; Schema: public; Owner: -

GRANT INSERT(is_cancel_asked),UPDATE(is_cancel_asked) ON TABLE public.progress TO earmark_reviewer;

-- Name: COLUMN progress.stage_began_at; Type: ACL; Schema: public; Owner: -

GRANT INSERT(stage_began_at),UPDATE(stage_began_at) ON TABLE public.progress TO earmark_reviewer;

-- Name: COLUMN progress.updated_at; Type: ACL; Schema: public; Owner: -

GRANT INSERT(updated_at),UPDATE(updated_at) ON TABLE public.progress TO earmark_reviewer;

-- Name: COLUMN progress.cursor; Type: ACL; Schema: public; Owner: -

GRANT INSERT(cursor),UPDATE(cursor) ON TABLE public.progress TO earmark_reviewer;

-- Name: TABLE project; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.project TO earmark_annotator;
GRANT SELECT ON TABLE public.project TO earmark_reviewer;

-- Name: COLUMN project.recipe; Type: ACL; Schema: public; Owner: -

GRANT UPDATE(recipe) ON TABLE public.project TO earmark_researcher;

-- Name: COLUMN project.truth_uri; Type: ACL; Schema: public; Owner: -

GRANT UPDATE(truth_uri) ON TABLE public.project TO earmark_researcher;

-- Name: TABLE queue_plan; Type: ACL; Schema: public; Owner: -

GRANT SELECT,DELETE ON TABLE public.queue_plan TO earmark_reviewer;

-- Name: COLUMN queue_plan.project_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(project_id) ON TABLE public.queue_plan TO earmark_reviewer;

-- Name: COLUMN queue_plan.strategy; Type: ACL; Schema: public; Owner: -

GRANT INSERT(strategy) ON TABLE public.queue_plan TO earmark_reviewer;

-- Name: COLUMN queue_plan.selection; Type: ACL; Schema: public; Owner: -

GRANT INSERT(selection) ON TABLE public.queue_plan TO earmark_reviewer;

-- Name: COLUMN queue_plan.is_live; Type: ACL; Schema: public; Owner: -

GRANT INSERT(is_live),UPDATE(is_live) ON TABLE public.queue_plan TO earmark_reviewer;

-- Name: COLUMN queue_plan.audit_share; Type: ACL; Schema: public; Owner: -

GRANT INSERT(audit_share) ON TABLE public.queue_plan TO earmark_reviewer;

-- Name: COLUMN queue_plan.overlap_share; Type: ACL; Schema: public; Owner: -

GRANT INSERT(overlap_share) ON TABLE public.queue_plan TO earmark_reviewer;

-- Name: COLUMN queue_plan.n_people; Type: ACL; Schema: public; Owner: -

GRANT INSERT(n_people) ON TABLE public.queue_plan TO earmark_reviewer;

-- Name: COLUMN queue_plan.ranked_at; Type: ACL; Schema: public; Owner: -

GRANT INSERT(ranked_at),UPDATE(ranked_at) ON TABLE public.queue_plan TO earmark_reviewer;

-- Name: COLUMN queue_plan.operation_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(operation_id) ON TABLE public.queue_plan TO earmark_reviewer;

-- Name: TABLE recording; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.recording TO earmark_reviewer;

-- Name: COLUMN recording.project_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(project_id) ON TABLE public.recording TO earmark_researcher;

-- Name: COLUMN recording.uri; Type: ACL; Schema: public; Owner: -

GRANT INSERT(uri) ON TABLE public.recording TO earmark_researcher;

-- Name: COLUMN recording.name; Type: ACL; Schema: public; Owner: -

GRANT INSERT(name) ON TABLE public.recording TO earmark_researcher;

-- Name: COLUMN recording.size_bytes; Type: ACL; Schema: public; Owner: -

GRANT INSERT(size_bytes) ON TABLE public.recording TO earmark_researcher;

-- Name: COLUMN recording.mtime_ns; Type: ACL; Schema: public; Owner: -

GRANT INSERT(mtime_ns),UPDATE(mtime_ns) ON TABLE public.recording TO earmark_researcher;

-- Name: COLUMN recording.file_sha256; Type: ACL; Schema: public; Owner: -

GRANT INSERT(file_sha256) ON TABLE public.recording TO earmark_researcher;

-- Name: COLUMN recording.pcm_sha256; Type: ACL; Schema: public; Owner: -

GRANT INSERT(pcm_sha256) ON TABLE public.recording TO earmark_researcher;

-- Name: COLUMN recording.container; Type: ACL; Schema: public; Owner: -

GRANT INSERT(container) ON TABLE public.recording TO earmark_researcher;

-- Name: COLUMN recording.codec; Type: ACL; Schema: public; Owner: -

GRANT INSERT(codec) ON TABLE public.recording TO earmark_researcher;

-- Name: COLUMN recording.rate_hz; Type: ACL; Schema: public; Owner: -

GRANT INSERT(rate_hz) ON TABLE public.recording TO earmark_researcher;

-- Name: COLUMN recording.n_channels; Type: ACL; Schema: public; Owner: -

GRANT INSERT(n_channels) ON TABLE public.recording TO earmark_researcher;

-- Name: COLUMN recording.n_samples; Type: ACL; Schema: public; Owner: -

GRANT INSERT(n_samples) ON TABLE public.recording TO earmark_researcher;

-- Name: COLUMN recording.claimed_n_samples; Type: ACL; Schema: public; Owner: -

GRANT INSERT(claimed_n_samples) ON TABLE public.recording TO earmark_researcher;

-- Name: COLUMN recording.bit_depth; Type: ACL; Schema: public; Owner: -

GRANT INSERT(bit_depth) ON TABLE public.recording TO earmark_researcher;

-- Name: COLUMN recording.peak_dbfs; Type: ACL; Schema: public; Owner: -

GRANT INSERT(peak_dbfs) ON TABLE public.recording TO earmark_researcher;

-- Name: COLUMN recording.rms_dbfs; Type: ACL; Schema: public; Owner: -

GRANT INSERT(rms_dbfs) ON TABLE public.recording TO earmark_researcher;

-- Name: COLUMN recording.clipped_ratio; Type: ACL; Schema: public; Owner: -

GRANT INSERT(clipped_ratio) ON TABLE public.recording TO earmark_researcher;

-- Name: COLUMN recording.dc_offset; Type: ACL; Schema: public; Owner: -

GRANT INSERT(dc_offset) ON TABLE public.recording TO earmark_researcher;

-- Name: COLUMN recording.n_not_finite; Type: ACL; Schema: public; Owner: -

GRANT INSERT(n_not_finite) ON TABLE public.recording TO earmark_researcher;

-- Name: COLUMN recording.source_group; Type: ACL; Schema: public; Owner: -

GRANT INSERT(source_group),UPDATE(source_group) ON TABLE public.recording TO earmark_researcher;

-- Name: COLUMN recording.superseded_at; Type: ACL; Schema: public; Owner: -

GRANT INSERT(superseded_at),UPDATE(superseded_at) ON TABLE public.recording TO earmark_researcher;

-- Name: COLUMN recording.operation_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(operation_id) ON TABLE public.recording TO earmark_researcher;

-- Name: COLUMN recording.bandwidth_hz; Type: ACL; Schema: public; Owner: -

GRANT INSERT(bandwidth_hz) ON TABLE public.recording TO earmark_researcher;

-- Name: COLUMN recording.n_dropped_samples; Type: ACL; Schema: public; Owner: -

GRANT INSERT(n_dropped_samples) ON TABLE public.recording TO earmark_researcher;

-- Name: COLUMN recording.vanished_at; Type: ACL; Schema: public; Owner: -

GRANT INSERT(vanished_at),UPDATE(vanished_at) ON TABLE public.recording TO earmark_researcher;

-- Name: COLUMN recording.source_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(source_id),UPDATE(source_id) ON TABLE public.recording TO earmark_researcher;

-- Name: TABLE recording_label; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.recording_label TO earmark_reviewer;

-- Name: COLUMN recording_label.recording_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(recording_id) ON TABLE public.recording_label TO earmark_researcher;

-- Name: COLUMN recording_label.project_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(project_id) ON TABLE public.recording_label TO earmark_researcher;

-- Name: COLUMN recording_label.label_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(label_id) ON TABLE public.recording_label TO earmark_researcher;

-- Name: COLUMN recording_label.source; Type: ACL; Schema: public; Owner: -

GRANT INSERT(source) ON TABLE public.recording_label TO earmark_researcher;

-- Name: COLUMN recording_label.start_sample; Type: ACL; Schema: public; Owner: -

GRANT INSERT(start_sample) ON TABLE public.recording_label TO earmark_researcher;

-- Name: COLUMN recording_label.stop_sample; Type: ACL; Schema: public; Owner: -

GRANT INSERT(stop_sample) ON TABLE public.recording_label TO earmark_researcher;

-- Name: TABLE review; Type: ACL; Schema: public; Owner: -

GRANT SELECT,DELETE ON TABLE public.review TO earmark_reviewer;

-- Name: COLUMN review.review_id; Type: ACL; Schema: public; Owner: -

GRANT SELECT(review_id) ON TABLE public.review TO earmark_annotator;

-- Name: COLUMN review.project_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(project_id) ON TABLE public.review TO earmark_reviewer;
GRANT SELECT(project_id) ON TABLE public.review TO earmark_annotator;

-- Name: COLUMN review.clip_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(clip_id) ON TABLE public.review TO earmark_reviewer;
GRANT SELECT(clip_id) ON TABLE public.review TO earmark_annotator;

-- Name: COLUMN review."position"; Type: ACL; Schema: public; Owner: -

GRANT INSERT("position"),UPDATE("position") ON TABLE public.review TO earmark_reviewer;
GRANT SELECT("position") ON TABLE public.review TO earmark_annotator;

-- Name: COLUMN review.reason; Type: ACL; Schema: public; Owner: -

GRANT INSERT(reason),UPDATE(reason) ON TABLE public.review TO earmark_reviewer;
GRANT SELECT(reason) ON TABLE public.review TO earmark_annotator;

-- Name: COLUMN review.proposed_label_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(proposed_label_id),UPDATE(proposed_label_id) ON TABLE public.review TO earmark_reviewer;
GRANT SELECT(proposed_label_id) ON TABLE public.review TO earmark_annotator;

-- Name: COLUMN review.proposed_confidence; Type: ACL; Schema: public; Owner: -

GRANT INSERT(proposed_confidence),UPDATE(proposed_confidence) ON TABLE public.review TO earmark_reviewer;
GRANT SELECT(proposed_confidence) ON TABLE public.review TO earmark_annotator;

-- Name: COLUMN review.state; Type: ACL; Schema: public; Owner: -

GRANT SELECT(state) ON TABLE public.review TO earmark_annotator;

-- Name: COLUMN review.claimed_by; Type: ACL; Schema: public; Owner: -

GRANT SELECT(claimed_by) ON TABLE public.review TO earmark_annotator;

-- Name: COLUMN review.claimed_until; Type: ACL; Schema: public; Owner: -

GRANT SELECT(claimed_until) ON TABLE public.review TO earmark_annotator;

-- Name: COLUMN review.skipped_by; Type: ACL; Schema: public; Owner: -

GRANT SELECT(skipped_by) ON TABLE public.review TO earmark_annotator;

-- Name: COLUMN review.operation_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(operation_id) ON TABLE public.review TO earmark_reviewer;
GRANT SELECT(operation_id) ON TABLE public.review TO earmark_annotator;

-- Name: COLUMN review.author; Type: ACL; Schema: public; Owner: -

GRANT SELECT(author) ON TABLE public.review TO earmark_annotator;

-- Name: COLUMN review.created_at; Type: ACL; Schema: public; Owner: -

GRANT SELECT(created_at) ON TABLE public.review TO earmark_annotator;

-- Name: COLUMN review.n_wanted; Type: ACL; Schema: public; Owner: -

GRANT INSERT(n_wanted),UPDATE(n_wanted) ON TABLE public.review TO earmark_reviewer;

-- Name: COLUMN review.answered_by; Type: ACL; Schema: public; Owner: -

GRANT INSERT(answered_by) ON TABLE public.review TO earmark_reviewer;

-- Name: TABLE schema_migration; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.schema_migration TO PUBLIC;
GRANT SELECT ON TABLE public.schema_migration TO earmark_reviewer;

-- Name: TABLE selection; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.selection TO earmark_reviewer;
GRANT DELETE ON TABLE public.selection TO earmark_researcher;

-- Name: COLUMN selection.project_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(project_id) ON TABLE public.selection TO earmark_researcher;

-- Name: COLUMN selection.name; Type: ACL; Schema: public; Owner: -

GRANT INSERT(name) ON TABLE public.selection TO earmark_researcher;

-- Name: COLUMN selection.spec; Type: ACL; Schema: public; Owner: -

GRANT INSERT(spec) ON TABLE public.selection TO earmark_researcher;

-- Name: COLUMN selection.operation_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(operation_id) ON TABLE public.selection TO earmark_researcher;

-- Name: TABLE selection_item; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.selection_item TO earmark_reviewer;
GRANT DELETE ON TABLE public.selection_item TO earmark_researcher;

-- Name: COLUMN selection_item.selection_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(selection_id) ON TABLE public.selection_item TO earmark_researcher;

-- Name: COLUMN selection_item.clip_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(clip_id) ON TABLE public.selection_item TO earmark_researcher;

-- Name: COLUMN selection_item.project_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(project_id) ON TABLE public.selection_item TO earmark_researcher;

-- Name: COLUMN selection_item."position"; Type: ACL; Schema: public; Owner: -

GRANT INSERT("position") ON TABLE public.selection_item TO earmark_researcher;

-- Name: COLUMN selection_item.reason; Type: ACL; Schema: public; Owner: -

GRANT INSERT(reason) ON TABLE public.selection_item TO earmark_researcher;

-- Name: TABLE source; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.source TO earmark_reviewer;

-- Name: COLUMN source.project_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(project_id) ON TABLE public.source TO earmark_researcher;

-- Name: COLUMN source.uri; Type: ACL; Schema: public; Owner: -

GRANT INSERT(uri) ON TABLE public.source TO earmark_researcher;

-- Name: COLUMN source.label_rules; Type: ACL; Schema: public; Owner: -

GRANT INSERT(label_rules),UPDATE(label_rules) ON TABLE public.source TO earmark_researcher;

-- Name: COLUMN source.watch_every_s; Type: ACL; Schema: public; Owner: -

GRANT INSERT(watch_every_s),UPDATE(watch_every_s) ON TABLE public.source TO earmark_researcher;

-- Name: COLUMN source.then_verbs; Type: ACL; Schema: public; Owner: -

GRANT INSERT(then_verbs),UPDATE(then_verbs) ON TABLE public.source TO earmark_researcher;

-- Name: COLUMN source.looked_at; Type: ACL; Schema: public; Owner: -

GRANT INSERT(looked_at),UPDATE(looked_at) ON TABLE public.source TO earmark_researcher;

-- Name: COLUMN source.n_files; Type: ACL; Schema: public; Owner: -

GRANT INSERT(n_files),UPDATE(n_files) ON TABLE public.source TO earmark_researcher;

-- Name: TABLE suspect; Type: ACL; Schema: public; Owner: -

GRANT SELECT,DELETE ON TABLE public.suspect TO earmark_reviewer;

-- Name: COLUMN suspect.project_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(project_id) ON TABLE public.suspect TO earmark_reviewer;

-- Name: COLUMN suspect.clip_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(clip_id) ON TABLE public.suspect TO earmark_reviewer;

-- Name: COLUMN suspect."position"; Type: ACL; Schema: public; Owner: -

GRANT INSERT("position") ON TABLE public.suspect TO earmark_reviewer;

-- Name: COLUMN suspect.score; Type: ACL; Schema: public; Owner: -

GRANT INSERT(score) ON TABLE public.suspect TO earmark_reviewer;

-- Name: COLUMN suspect.given_label_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(given_label_id) ON TABLE public.suspect TO earmark_reviewer;

-- Name: COLUMN suspect.suggested_label_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(suggested_label_id) ON TABLE public.suspect TO earmark_reviewer;

-- Name: COLUMN suspect.given_probability; Type: ACL; Schema: public; Owner: -

GRANT INSERT(given_probability) ON TABLE public.suspect TO earmark_reviewer;

-- Name: COLUMN suspect.suggested_probability; Type: ACL; Schema: public; Owner: -

GRANT INSERT(suggested_probability) ON TABLE public.suspect TO earmark_reviewer;

-- Name: COLUMN suspect.nearest_given_clip_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(nearest_given_clip_id) ON TABLE public.suspect TO earmark_reviewer;

-- Name: COLUMN suspect.nearest_suggested_clip_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(nearest_suggested_clip_id) ON TABLE public.suspect TO earmark_reviewer;

-- Name: COLUMN suspect.n_near; Type: ACL; Schema: public; Owner: -

GRANT INSERT(n_near) ON TABLE public.suspect TO earmark_reviewer;

-- Name: COLUMN suspect.n_near_given; Type: ACL; Schema: public; Owner: -

GRANT INSERT(n_near_given) ON TABLE public.suspect TO earmark_reviewer;

-- Name: COLUMN suspect.n_near_suggested; Type: ACL; Schema: public; Owner: -

GRANT INSERT(n_near_suggested) ON TABLE public.suspect TO earmark_reviewer;

-- Name: COLUMN suspect.reason; Type: ACL; Schema: public; Owner: -

GRANT INSERT(reason) ON TABLE public.suspect TO earmark_reviewer;

-- Name: COLUMN suspect.operation_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(operation_id) ON TABLE public.suspect TO earmark_reviewer;

-- Name: TABLE tally; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.tally TO earmark_reviewer;

-- Name: TABLE verdict; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.verdict TO earmark_reviewer;

-- Name: COLUMN verdict.verdict_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(verdict_id) ON TABLE public.verdict TO earmark_reviewer;

-- Name: COLUMN verdict.project_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(project_id) ON TABLE public.verdict TO earmark_reviewer;

-- Name: COLUMN verdict.clip_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(clip_id) ON TABLE public.verdict TO earmark_reviewer;

-- Name: COLUMN verdict.doubt; Type: ACL; Schema: public; Owner: -

GRANT INSERT(doubt) ON TABLE public.verdict TO earmark_reviewer;

-- Name: COLUMN verdict.verdict; Type: ACL; Schema: public; Owner: -

GRANT INSERT(verdict) ON TABLE public.verdict TO earmark_reviewer;

-- Name: COLUMN verdict.given_label_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(given_label_id) ON TABLE public.verdict TO earmark_reviewer;

-- Name: COLUMN verdict.suggested_label_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(suggested_label_id) ON TABLE public.verdict TO earmark_reviewer;

-- Name: COLUMN verdict.label_id; Type: ACL; Schema: public; Owner: -

GRANT INSERT(label_id) ON TABLE public.verdict TO earmark_reviewer;

-- Name: COLUMN verdict.score; Type: ACL; Schema: public; Owner: -

GRANT INSERT(score) ON TABLE public.verdict TO earmark_reviewer;

-- Name: COLUMN verdict.supersedes; Type: ACL; Schema: public; Owner: -

GRANT INSERT(supersedes) ON TABLE public.verdict TO earmark_reviewer;
