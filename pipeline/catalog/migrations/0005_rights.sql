-- Rights: what people do to clips and runs goes through these functions, and every table has its grants and policies.

-- ---------------------------------------------------------------------------------------------- answering

CREATE FUNCTION claim_reviews(project_id int, n int, have bigint[], minutes int)
RETURNS TABLE (clip_id bigint, recording_name text, start_s double precision, duration_s double precision,
               rate_hz int, reason text, proposed_label text, proposed_confidence real)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
BEGIN
  PERFORM demand_duty($1, 'annotator');
  RETURN QUERY
  WITH next AS (
    SELECT v.review_id FROM review v
    WHERE v.project_id = $1 AND v.state = 'open' AND v.clip_id <> ALL (coalesce($3, '{}'))
      AND (v.claimed_by IS NULL OR v.claimed_by = session_user OR v.claimed_until < clock_timestamp())
      AND session_user <> ALL (v.skipped_by)
    -- No limit at all is what LIMIT NULL means.
    ORDER BY v.position, v.review_id LIMIT least(greatest(coalesce($2, 0), 0), 200) FOR UPDATE SKIP LOCKED
  ), claimed AS (
    UPDATE review v SET claimed_by = session_user,
      claimed_until = clock_timestamp() + make_interval(mins => least(greatest(coalesce($4, 1), 1), 240))
    FROM next WHERE v.review_id = next.review_id
    RETURNING v.position, v.review_id, v.clip_id, v.reason, v.proposed_label_id, v.proposed_confidence
  ), assigned AS (
    INSERT INTO assignment (clip_id, person, project_id) SELECT k.clip_id, session_user, $1 FROM claimed k
    ON CONFLICT DO NOTHING
  )
  SELECT k.clip_id, r.name, c.start_sample::float8 / r.rate_hz, c.duration_s, c.rate_hz, k.reason, l.name,
    k.proposed_confidence
  FROM claimed k JOIN clip c USING (clip_id) JOIN recording r USING (recording_id)
  LEFT JOIN label l ON l.label_id = k.proposed_label_id
  ORDER BY k.position, k.review_id;
END $$;

CREATE FUNCTION skip_review(project_id int, clip_id bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  PERFORM demand_duty($1, 'annotator');
  UPDATE review v SET claimed_by = NULL, claimed_until = NULL, skipped_by = array_append(v.skipped_by, session_user::text)
  WHERE v.project_id = $1 AND v.clip_id = $2 AND v.state = 'open' AND v.claimed_by = session_user
    AND session_user <> ALL (v.skipped_by);
END $$;

CREATE FUNCTION count_waiting(project_id int) RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  PERFORM demand_duty($1, 'annotator');
  RETURN (
    SELECT count(*) FROM review v
    WHERE v.project_id = $1 AND v.state = 'open' AND session_user <> ALL (v.skipped_by)
      AND (v.claimed_by IS NULL OR v.claimed_by = session_user OR v.claimed_until < clock_timestamp()));
END $$;

-- A person has one current answer about a clip: the new one always follows on the one before.
CREATE OR REPLACE FUNCTION check_supersedes() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
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

-- An answer takes its clip off the queue; one that is taken back puts it there again, held by the same person.
CREATE FUNCTION settle_review() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF NEW.answer = 'withdrawn' THEN
    UPDATE review SET state = 'open', claimed_by = session_user, claimed_until = clock_timestamp() + interval '30 minutes'
    WHERE project_id = NEW.project_id AND clip_id = NEW.clip_id AND state = 'answered';
  ELSE
    UPDATE review SET state = 'answered', claimed_by = NULL, claimed_until = NULL
    WHERE project_id = NEW.project_id AND clip_id = NEW.clip_id AND state = 'open';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER settle_review AFTER INSERT ON annotation
  FOR EACH ROW WHEN (NEW.source = 'human') EXECUTE FUNCTION settle_review();

-- ---------------------------------------------------------------------------------------------- runs and jobs

-- Who runs an operation holds its lock, so that a dead process is seen; who commits in a project keeps others waiting.
-- Nobody holds a lock for another: that would stop them, or keep their dead run alive.
CREATE FUNCTION hold_run(operation_id bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM operation o WHERE o.operation_id = $1 AND o.author = session_user) THEN
    RAISE EXCEPTION 'this is no run of %', session_user USING ERRCODE = 'insufficient_privilege';
  END IF;
  PERFORM pg_advisory_lock(3746, ($1 % 2147483648)::int);
END $$;

CREATE FUNCTION release_run(operation_id bigint) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT pg_advisory_unlock(3746, ($1 % 2147483648)::int)
$$;

CREATE FUNCTION lock_project(project_id int) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  PERFORM demand_duty($1, 'reviewer');
  PERFORM pg_advisory_xact_lock(3747, $1);
END $$;

CREATE FUNCTION sweep_dead(project_id int) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
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
END $$;

-- Hands a job to the workers. Its rights are those of its author; only that person, or who may act for them, does it.
CREATE FUNCTION queue_job(job_id bigint, queue text, task text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = procrastinate, pg_catalog, pg_temp AS $$
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
END $$;

-- What a worker may be asked for: it runs these words with its own account on its own machine, so that no row may name
-- a verb that is not a job, nor lead to another workspace or project.
CREATE FUNCTION is_job(verbs jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT jsonb_typeof(verbs) = 'array' AND NOT EXISTS (
    SELECT FROM jsonb_path_query(verbs, '$[*]') line
    WHERE jsonb_typeof(line) <> 'array'
      OR coalesce(line ->> 0, '') <> ALL (ARRAY['ingest', 'cut', 'embed', 'deduplicate', 'select', 'queue', 'augment',
                                                'export', 'release', 'verify'])
      OR EXISTS (SELECT FROM jsonb_path_query(line, '$[*]') word
                 WHERE jsonb_typeof(word) <> 'string' OR word #>> '{}' ~ '^(--(workspace|project)(=|$)|-[wp])'))
$$;

-- Whose name and rights a run, a job and a watched source have, nobody else tells what they do.
CREATE FUNCTION keep_to_author() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  whose text := CASE TG_TABLE_NAME WHEN 'progress' THEN (SELECT o.author FROM operation o
    WHERE o.operation_id = (to_jsonb(NEW) ->> 'operation_id')::bigint) ELSE to_jsonb(NEW) ->> 'author' END;
BEGIN
  IF whose IS DISTINCT FROM session_user AND NEW.project_id <> ALL (my_projects('admin')) THEN
    RAISE EXCEPTION 'this % is of %', TG_TABLE_NAME, whose USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
-- To ask for an end is everybody's, to tell how far it is only theirs who run it.
CREATE TRIGGER keep_to_author BEFORE UPDATE OF stage, n_done, n_failed, n_total, stage_began_at, updated_at, cursor ON progress
  FOR EACH ROW EXECUTE FUNCTION keep_to_author();
CREATE TRIGGER keep_to_author BEFORE UPDATE OF watch_every_s, then_verbs ON source
  FOR EACH ROW EXECUTE FUNCTION keep_to_author();

-- ---------------------------------------------------------------------------------------------- grants

-- Our own functions; those of pgvector are for everyone.
DO $$
DECLARE
  name regprocedure;
BEGIN
  FOR name IN SELECT p.oid::regprocedure FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace
              AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
  LOOP
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', name);
  END LOOP;
END $$;
GRANT EXECUTE ON FUNCTION is_lab_admin(), my_projects(text), my_duty(int), duty_rank(text), set_password(text, text),
  claim_reviews(int, int, bigint[], int), skip_review(int, bigint), count_waiting(int), sweep_dead(int)
  TO earmark_annotator;
GRANT EXECUTE ON FUNCTION demand_duty(int, text), demand_lab_admin(), demand_verifier(text) TO earmark_annotator;
GRANT EXECUTE ON FUNCTION queue_job(bigint, text, text), is_job(jsonb), hold_run(bigint), release_run(bigint), lock_project(int)
  TO earmark_reviewer;
GRANT EXECUTE ON FUNCTION grant_duty(int, text, text), revoke_duty(int, text) TO earmark_researcher;
GRANT EXECUTE ON FUNCTION add_person(text, text, boolean), remove_person(text), add_project(text, jsonb),
  erase_project(int, text) TO earmark_admin;

-- Large objects would be a drawer that no policy sees; advisory locks would stop others and say who runs what.
DO $$
DECLARE
  name regprocedure;
BEGIN
  FOR name IN SELECT p.oid::regprocedure FROM pg_proc p
              WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.prokind = 'f'
                AND (p.proname ~ '^(lo_|lowrite$|loread$)' OR p.proname ~ '^pg_(try_)?advisory_')
  LOOP
    BEGIN
      EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', name);
    EXCEPTION WHEN insufficient_privilege THEN
      RAISE NOTICE 'everybody may still use %: only a superuser can change that', name;
    END;
  END LOOP;
END $$;

GRANT USAGE ON SCHEMA public TO earmark_annotator;
GRANT SELECT ON project, member, label, clip, assignment, review, annotation, flag, current_annotation, operation,
  operation_outcome, progress, person TO earmark_annotator;

-- Numbers, authors and times are the database's: whoever could choose a number would take it from the next to come.
DO $$
DECLARE
  told record;
BEGIN
  FOR told IN
    SELECT x.role, x.name, string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) AS columns
    FROM (SELECT 'earmark_annotator' AS role, unnest(ARRAY['annotation', 'flag']) AS name
      UNION ALL SELECT 'earmark_reviewer', unnest(ARRAY['operation', 'operation_outcome', 'progress', 'failure'])
      UNION ALL SELECT 'earmark_researcher', unnest(ARRAY['label', 'recording', 'recording_label', 'source', 'selection',
        'selection_item', 'cut', 'clip', 'problem', 'encoder', 'embedding', 'map_point', 'duplicate_group', 'duplicate',
        'duplicate_decision', 'consensus', 'dataset', 'dataset_version', 'dataset_item', 'augmentation',
        'augmented_clip'])) x
    JOIN pg_attribute a ON a.attrelid = x.name::regclass
    WHERE a.attnum > 0 AND NOT a.attisdropped AND a.attidentity = '' AND a.attgenerated = ''
      AND a.attname NOT IN ('author', 'created_at')
    GROUP BY x.role, x.name
  LOOP
    EXECUTE format('GRANT INSERT (%s) ON %I TO %I', told.columns, told.name, told.role);
  END LOOP;
END $$;
-- A new job waits, a new review is held by nobody.
GRANT INSERT (project_id, verbs, source_id) ON job TO earmark_reviewer;
GRANT INSERT (project_id, clip_id, position, reason, proposed_label_id, proposed_confidence, operation_id) ON review
  TO earmark_reviewer;

GRANT SELECT ON ALL TABLES IN SCHEMA public TO earmark_reviewer;
REVOKE SELECT ON admin_act FROM earmark_reviewer;
GRANT UPDATE (stage, n_done, n_failed, n_total, is_cancel_asked, stage_began_at, updated_at, cursor) ON progress
  TO earmark_reviewer;
GRANT UPDATE (is_cancel_asked, state, message, ended_at, retry_at) ON job TO earmark_reviewer;
GRANT UPDATE (operation_id, error, message, n_attempts, resolved_at) ON failure TO earmark_reviewer;
GRANT UPDATE (position) ON review TO earmark_reviewer;
GRANT DELETE ON review TO earmark_reviewer;

GRANT UPDATE (recipe, truth_uri) ON project TO earmark_researcher;
GRANT UPDATE (mtime_ns, superseded_at, vanished_at, source_id, source_group) ON recording TO earmark_researcher;
GRANT UPDATE (watch_every_s, then_verbs, label_rules, looked_at, n_files) ON source TO earmark_researcher;
GRANT UPDATE (is_active) ON cut TO earmark_researcher;
GRANT UPDATE (is_active, is_redundant) ON clip TO earmark_researcher;
GRANT UPDATE (n_dims, is_current) ON encoder TO earmark_researcher;
GRANT UPDATE (representative_clip_id) ON duplicate_group TO earmark_researcher;
GRANT UPDATE (name) ON dataset TO earmark_researcher;
GRANT UPDATE (object_key) ON augmented_clip TO earmark_researcher;
GRANT DELETE ON problem, map_point, duplicate_group, duplicate, consensus, selection, selection_item TO earmark_researcher;

GRANT SELECT ON admin_act TO earmark_admin;

-- ---------------------------------------------------------------------------------------------- policies

-- The array is made once a statement: (SELECT ...) keeps a policy from asking again for every row.
DO $$
DECLARE
  name text;
  in_project text := 'project_id = ANY ((SELECT my_projects(%L))::int[])';
BEGIN
  FOR name IN SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
              AND relname <> 'schema_migration'
  LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
  END LOOP;
  -- Read by the whole project.
  FOREACH name IN ARRAY ARRAY['project', 'label'] LOOP
    EXECUTE format('CREATE POLICY %I ON %I FOR SELECT TO earmark_annotator USING (' || in_project || ')',
      name || '_read', name, 'annotator');
  END LOOP;
  -- Read by reviewers and up.
  FOREACH name IN ARRAY ARRAY['member', 'recording', 'recording_label', 'source', 'cut', 'clip', 'problem', 'failure',
    'encoder', 'embedding', 'map_point', 'duplicate_group', 'duplicate', 'duplicate_decision', 'selection',
    'selection_item', 'review', 'assignment', 'annotation', 'flag', 'consensus', 'operation', 'operation_outcome',
    'progress', 'job', 'dataset', 'dataset_version', 'dataset_item', 'augmentation', 'augmented_clip'] LOOP
    EXECUTE format('CREATE POLICY %I ON %I FOR SELECT TO earmark_reviewer USING (' || in_project || ')',
      name || '_read', name, 'reviewer');
  END LOOP;
  -- Written by reviewers and up.
  FOREACH name IN ARRAY ARRAY['failure', 'review'] LOOP
    EXECUTE format('CREATE POLICY %I ON %I FOR INSERT TO earmark_reviewer WITH CHECK (' || in_project || ')',
      name || '_add', name, 'reviewer');
  END LOOP;
  FOREACH name IN ARRAY ARRAY['failure', 'review', 'progress'] LOOP
    EXECUTE format('CREATE POLICY %I ON %I FOR UPDATE TO earmark_reviewer USING (' || in_project || ')',
      name || '_change', name, 'reviewer');
  END LOOP;
  -- What somebody holds just now stays theirs.
  EXECUTE format('CREATE POLICY review_remove ON review FOR DELETE TO earmark_reviewer USING (' || in_project
    || ' AND (claimed_until IS NULL OR claimed_until < clock_timestamp() OR claimed_by = session_user))', 'reviewer');
  -- Written by researchers and up.
  FOREACH name IN ARRAY ARRAY['label', 'recording', 'recording_label', 'source', 'selection', 'selection_item', 'cut', 'clip', 'problem', 'encoder', 'embedding', 'map_point',
    'duplicate_group', 'duplicate', 'duplicate_decision', 'consensus', 'dataset', 'dataset_version', 'augmentation',
    'augmented_clip'] LOOP
    EXECUTE format('CREATE POLICY %I ON %I FOR INSERT TO earmark_researcher WITH CHECK (' || in_project || ')',
      name || '_add', name, 'researcher');
  END LOOP;
  FOREACH name IN ARRAY ARRAY['project', 'recording', 'source', 'cut', 'clip', 'encoder', 'duplicate_group', 'dataset',
    'augmented_clip'] LOOP
    EXECUTE format('CREATE POLICY %I ON %I FOR UPDATE TO earmark_researcher USING (' || in_project || ')',
      name || '_change', name, 'researcher');
  END LOOP;
  FOREACH name IN ARRAY ARRAY['problem', 'map_point', 'duplicate_group', 'duplicate', 'consensus', 'selection',
    'selection_item'] LOOP
    EXECUTE format('CREATE POLICY %I ON %I FOR DELETE TO earmark_researcher USING (' || in_project || ')',
      name || '_remove', name, 'researcher');
  END LOOP;
END $$;

-- What an annotator reads: their own words, what they hold, and the clips that they were asked about.
CREATE POLICY person_own ON person FOR SELECT TO earmark_annotator
  USING (person = session_user OR (SELECT is_lab_admin()));
CREATE POLICY admin_act_read ON admin_act FOR SELECT TO earmark_admin USING ((SELECT is_lab_admin()));
CREATE POLICY member_own ON member FOR SELECT TO earmark_annotator USING (person = session_user);
CREATE POLICY assignment_own ON assignment FOR SELECT TO earmark_annotator
  USING (person = session_user AND project_id = ANY ((SELECT my_projects('annotator'))::int[]));
CREATE POLICY review_own ON review FOR SELECT TO earmark_annotator
  USING (claimed_by = session_user AND project_id = ANY ((SELECT my_projects('annotator'))::int[]));
CREATE POLICY annotation_own ON annotation FOR SELECT TO earmark_annotator
  USING (author = session_user AND project_id = ANY ((SELECT my_projects('annotator'))::int[]));
CREATE POLICY flag_own ON flag FOR SELECT TO earmark_annotator
  USING (author = session_user AND project_id = ANY ((SELECT my_projects('annotator'))::int[]));
CREATE POLICY operation_own ON operation FOR SELECT TO earmark_annotator
  USING (author = session_user AND project_id = ANY ((SELECT my_projects('annotator'))::int[]));
CREATE POLICY clip_assigned ON clip FOR SELECT TO earmark_annotator
  USING (project_id = ANY ((SELECT my_projects('annotator'))::int[])
    AND EXISTS (SELECT FROM assignment s WHERE s.clip_id = clip.clip_id AND s.person = session_user));

-- People speak of clips that they can see; what labels came with the files is told by who brings them in.
CREATE POLICY annotation_add ON annotation FOR INSERT TO earmark_annotator
  WITH CHECK (source = 'human' AND project_id = ANY ((SELECT my_projects('annotator'))::int[])
    AND EXISTS (SELECT FROM clip c WHERE c.clip_id = annotation.clip_id));
CREATE POLICY annotation_carry ON annotation FOR INSERT TO earmark_researcher
  WITH CHECK (source <> 'human' AND project_id = ANY ((SELECT my_projects('researcher'))::int[]));
CREATE POLICY flag_add ON flag FOR INSERT TO earmark_annotator
  WITH CHECK (project_id = ANY ((SELECT my_projects('annotator'))::int[])
    AND EXISTS (SELECT FROM clip c WHERE c.clip_id = flag.clip_id));

-- A run is told, and ended, by who began it.
CREATE POLICY operation_add ON operation FOR INSERT TO earmark_reviewer
  WITH CHECK (project_id = ANY ((SELECT my_projects('reviewer'))::int[])
    AND (job_id IS NULL OR EXISTS (SELECT FROM job j WHERE j.job_id = operation.job_id AND j.author = session_user)));
CREATE POLICY operation_outcome_add ON operation_outcome FOR INSERT TO earmark_reviewer
  WITH CHECK (EXISTS (SELECT FROM operation o WHERE o.operation_id = operation_outcome.operation_id
    AND o.project_id = operation_outcome.project_id AND o.author = session_user));
CREATE POLICY progress_add ON progress FOR INSERT TO earmark_reviewer
  WITH CHECK (EXISTS (SELECT FROM operation o WHERE o.operation_id = progress.operation_id
    AND o.project_id = progress.project_id AND o.author = session_user));
CREATE POLICY job_add ON job FOR INSERT TO earmark_reviewer
  WITH CHECK (is_job(verbs) AND project_id = ANY ((SELECT my_projects('reviewer'))::int[]));
CREATE POLICY job_change ON job FOR UPDATE TO earmark_reviewer
  USING (author = session_user OR project_id = ANY ((SELECT my_projects('researcher'))::int[]));

-- A version is filled by the transaction that makes it, and then it is frozen.
CREATE POLICY dataset_item_add ON dataset_item FOR INSERT TO earmark_researcher
  WITH CHECK (project_id = ANY ((SELECT my_projects('researcher'))::int[])
    AND EXISTS (SELECT FROM dataset_version v WHERE v.dataset_version_id = dataset_item.dataset_version_id
      AND v.author = session_user AND v.created_at >= now()));

SELECT close_doors();
