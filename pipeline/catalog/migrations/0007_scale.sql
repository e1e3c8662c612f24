-- Scale: the rest of what is counted, who may read it, plans that last, and indexes for what pages filter by.

-- ---------------------------------------------------------------------------------------------- queue, failures, lists

CREATE FUNCTION tally_reviews() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
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
CREATE TRIGGER tally_added AFTER INSERT ON review REFERENCING NEW TABLE AS now_rows
  FOR EACH STATEMENT EXECUTE FUNCTION tally_reviews();
CREATE TRIGGER tally_changed AFTER UPDATE ON review REFERENCING NEW TABLE AS now_rows OLD TABLE AS former_rows
  FOR EACH STATEMENT EXECUTE FUNCTION tally_reviews();
CREATE TRIGGER tally_removed AFTER DELETE ON review REFERENCING OLD TABLE AS former_rows
  FOR EACH STATEMENT EXECUTE FUNCTION tally_reviews();

CREATE FUNCTION tally_failures() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
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
CREATE TRIGGER tally_added AFTER INSERT ON failure REFERENCING NEW TABLE AS now_rows
  FOR EACH STATEMENT EXECUTE FUNCTION tally_failures();
CREATE TRIGGER tally_changed AFTER UPDATE ON failure REFERENCING NEW TABLE AS now_rows OLD TABLE AS former_rows
  FOR EACH STATEMENT EXECUTE FUNCTION tally_failures();

-- One facet a table, given by the trigger; a second argument names the column that is the key.
CREATE FUNCTION tally_rows() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
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
DO $$
DECLARE
  facet record;
BEGIN
  FOR facet IN SELECT * FROM (VALUES ('duplicate_group', 'group'), ('dataset_version', 'version'),
                                     ('selection_item', 'selection')) f (of_table, name)
  LOOP
    EXECUTE format('CREATE TRIGGER tally_added AFTER INSERT ON %I REFERENCING NEW TABLE AS changed '
                   'FOR EACH STATEMENT EXECUTE FUNCTION tally_rows(%L)', facet.of_table, facet.name);
    EXECUTE format('CREATE TRIGGER tally_removed AFTER DELETE ON %I REFERENCING OLD TABLE AS changed '
                   'FOR EACH STATEMENT EXECUTE FUNCTION tally_rows(%L)', facet.of_table, facet.name);
  END LOOP;
END $$;

-- ---------------------------------------------------------------------------------------------- who may what

DO $$
DECLARE
  name regprocedure;
BEGIN
  FOR name IN SELECT oid::regprocedure FROM pg_proc WHERE pronamespace = 'public'::regnamespace
              AND (proname LIKE 'tally\_%' OR proname IN ('add_tally', 'in_us', 'fresh_tallies', 'recount'))
  LOOP
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', name);
  END LOOP;
END $$;
GRANT EXECUTE ON FUNCTION recount(int) TO earmark_researcher;
GRANT SELECT ON tally TO earmark_reviewer;
ALTER TABLE tally ENABLE ROW LEVEL SECURITY;
CREATE POLICY tally_read ON tally FOR SELECT TO earmark_reviewer
  USING (project_id = ANY ((SELECT my_projects('reviewer'))::int[]));

-- ---------------------------------------------------------------------------------------------- what policies cost

-- A policy within a policy is planned for everybody who reads clips; this is asked of the clips of annotators only.
CREATE FUNCTION is_assigned(clip_id bigint) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE COST 5 SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  RETURN EXISTS (SELECT FROM assignment s WHERE s.clip_id = $1 AND s.person = session_user);
END $$;
REVOKE ALL ON FUNCTION is_assigned(bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION is_assigned(bigint) TO earmark_annotator;
ALTER POLICY clip_assigned ON clip
  USING (project_id = ANY ((SELECT my_projects('annotator'))::int[]) AND is_assigned(clip_id));

-- Asked by every table of a statement: PL/pgSQL keeps its plans.
CREATE OR REPLACE FUNCTION my_projects(at_least text) RETURNS int[]
LANGUAGE plpgsql STABLE SECURITY DEFINER PARALLEL SAFE SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF is_lab_admin() THEN
    RETURN (SELECT coalesce(array_agg(p.project_id), '{}') FROM project p);
  END IF;
  RETURN (SELECT coalesce(array_agg(m.project_id), '{}') FROM member m
          WHERE m.person = session_user AND duty_rank(m.duty) >= duty_rank(at_least));
END $$;

-- ---------------------------------------------------------------------------------------------- plans that are kept

-- What a person waits for is a matter of few rows. A session keeps the plans of its first answer, and in a young project
-- that would be to read the empty tables from end to end, for as long as they fill.
ALTER FUNCTION add_tally(int, text, text, bigint, bigint) SET enable_seqscan = off;
ALTER FUNCTION tally_annotations() SET enable_seqscan = off;
ALTER FUNCTION tally_flags() SET enable_seqscan = off;
ALTER FUNCTION check_supersedes() SET enable_seqscan = off;
ALTER FUNCTION settle_review() SET enable_seqscan = off;
ALTER FUNCTION claim_reviews(int, int, bigint[], int) SET enable_seqscan = off;
ALTER FUNCTION is_assigned(bigint) SET enable_seqscan = off;

-- ---------------------------------------------------------------------------------------------- one reference a clip

-- A cut has its recording and its project, so that one reference says all three: two checks less a row.
ALTER TABLE cut ADD CONSTRAINT cut_of_recording UNIQUE (project_id, recording_id, cut_id);
ALTER TABLE clip DROP CONSTRAINT clip_cut_id_fkey, DROP CONSTRAINT clip_recording_id_fkey, DROP CONSTRAINT clip_project_id_fkey,
  ADD CONSTRAINT clip_cut_id_fkey FOREIGN KEY (project_id, recording_id, cut_id) REFERENCES cut (project_id, recording_id, cut_id);
ALTER TABLE cut DROP CONSTRAINT cut_of_project;
-- A clip has its project.
ALTER TABLE annotation DROP CONSTRAINT annotation_project_id_fkey;
ALTER TABLE embedding DROP CONSTRAINT embedding_project_id_fkey;
ALTER TABLE review DROP CONSTRAINT review_project_id_fkey;
-- What files carried never follows on anything.
CREATE OR REPLACE TRIGGER check_supersedes BEFORE INSERT ON annotation
  FOR EACH ROW WHEN (NEW.source = 'human' OR NEW.supersedes IS NOT NULL) EXECUTE FUNCTION check_supersedes();

-- ---------------------------------------------------------------------------------------------- pages

-- What a list filters by lies beside the key, so that rows which are not shown are not fetched.
CREATE INDEX clip_browse ON clip (project_id, clip_id)
  INCLUDE (duration_s, snr_db, loudness_lufs, bandwidth_hz, recording_id, is_answered, is_redundant) WHERE is_active;
DROP INDEX clip_by_recording;
CREATE INDEX clip_by_recording ON clip (recording_id, clip_id);
CREATE INDEX clip_answered ON clip (project_id, clip_id) WHERE is_active AND is_answered;
CREATE INDEX clip_redundant ON clip (project_id, clip_id) WHERE is_active AND is_redundant;
CREATE INDEX annotation_by_label ON annotation (project_id, label_id, clip_id) WHERE label_id IS NOT NULL;
CREATE INDEX problem_of_clip ON problem (project_id, kind, clip_id) WHERE clip_id IS NOT NULL;
-- The first recording of a sound is looked for: without the id here, through all recordings in the order of their ids.
DROP INDEX recording_by_sound;
CREATE INDEX recording_by_sound ON recording (project_id, pcm_sha256, recording_id);
CREATE INDEX recording_by_group ON recording (project_id, source_group, recording_id);
CREATE INDEX recording_by_name ON recording (project_id, name COLLATE "C", recording_id);
CREATE INDEX duplicate_group_page ON duplicate (project_id, duplicate_group_id, distance);

-- What runs write in bulk is stamped only where it does not carry its default: the same for who forges, and a call less a row.
DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['recording', 'recording_label', 'cut', 'clip', 'problem', 'embedding', 'map_point',
                              'selection_item', 'dataset_item', 'augmented_clip', 'assignment']
  LOOP
    EXECUTE format('CREATE OR REPLACE TRIGGER stamp_author BEFORE INSERT ON %I FOR EACH ROW '
                   'WHEN (NEW.author IS DISTINCT FROM session_user OR NEW.created_at IS DISTINCT FROM now()) '
                   'EXECUTE FUNCTION stamp_author()', name);
  END LOOP;
END $$;

-- What the operation log shows under a run, and what it is filtered by.
CREATE INDEX failure_by_operation ON failure (operation_id, failure_id);
CREATE INDEX recording_by_operation ON recording (operation_id, recording_id);
CREATE INDEX cut_by_operation ON cut (operation_id, recording_id);
CREATE INDEX operation_by_job ON operation (job_id) WHERE job_id IS NOT NULL;
CREATE INDEX operation_by_author ON operation (project_id, author, operation_id DESC);

-- ---------------------------------------------------------------------------------------------- what is there already

UPDATE clip c SET is_answered = true WHERE EXISTS (
  SELECT FROM current_annotation a WHERE a.project_id = c.project_id AND a.clip_id = c.clip_id AND a.source = 'human');
DELETE FROM tally;
INSERT INTO tally (project_id, facet, key, n, duration_us)
SELECT p.project_id, f.facet, f.key, f.n, f.duration_us
FROM project p CROSS JOIN LATERAL fresh_tallies(p.project_id) f WHERE f.n <> 0;
