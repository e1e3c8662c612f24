-- Review: how a person listened, several people on one clip, gold clips, suspects and what was settled, the queue's plan.

-- ---------------------------------------------------------------------------------------------- annotations

ALTER TABLE annotation DROP CONSTRAINT annotation_answer_check;
ALTER TABLE annotation ADD CONSTRAINT annotation_answer_check
  CHECK (answer IN ('label', 'unsure', 'none_of_these', 'bad_audio', 'withdrawn'));
ALTER TABLE annotation
  ADD COLUMN heard_share real CHECK (heard_share BETWEEN 0 AND 1),
  ADD COLUMN picture text CHECK (length(picture) BETWEEN 1 AND 64),
  ADD COLUMN screen text CHECK (screen IN ('deck', 'grid', 'flags', 'map')),
  ADD COLUMN settles boolean NOT NULL DEFAULT false,
  ADD COLUMN also_label_ids int[] NOT NULL DEFAULT '{}',
  ADD CONSTRAINT annotation_settles_check CHECK (NOT settles OR source = 'human'),
  ADD CONSTRAINT annotation_also_check CHECK (also_label_ids = '{}' OR answer = 'label' AND label_id <> ALL (also_label_ids));
COMMENT ON COLUMN annotation.heard_share IS 'which part of the clip sounded at least once before the answer';
COMMENT ON COLUMN annotation.picture IS 'hash of the spectrogram recipe by which the clip was seen';
COMMENT ON COLUMN annotation.settles IS 'a reviewer''s last word: it is the consensus, whatever others say';
COMMENT ON COLUMN annotation.also_label_ids IS 'what else sounds in the clip, where a project lets a clip have many labels';
GRANT INSERT (heard_share, picture, screen, settles, also_label_ids) ON annotation TO earmark_annotator;
ALTER POLICY annotation_add ON annotation WITH CHECK (
  source = 'human' AND project_id = ANY ((SELECT my_projects('annotator'))::int[])
  AND (NOT settles OR project_id = ANY ((SELECT my_projects('reviewer'))::int[]))
  AND EXISTS (SELECT FROM clip c WHERE c.clip_id = annotation.clip_id));
CREATE INDEX annotation_human_by_time ON annotation (project_id, created_at) WHERE source = 'human';

CREATE OR REPLACE VIEW current_annotation WITH (security_invoker = true) AS
  SELECT annotation_id, project_id, clip_id, source, answer, label_id, confidence, author, created_at, settles,
    also_label_ids
  FROM annotation a
  WHERE answer <> 'withdrawn' AND NOT EXISTS (SELECT FROM annotation later WHERE later.supersedes = a.annotation_id);

-- Elements of an array cannot refer to rows by themselves.
CREATE FUNCTION check_also() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT x FROM unnest(NEW.also_label_ids) x GROUP BY x HAVING count(*) > 1 OR NOT EXISTS (
    SELECT FROM label l WHERE l.project_id = NEW.project_id AND l.label_id = x)
  ) THEN
    RAISE EXCEPTION 'what else sounds in a clip are labels of its project, each once' USING ERRCODE = 'foreign_key_violation';
  END IF;
  RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION check_also() FROM PUBLIC;
CREATE TRIGGER check_also BEFORE INSERT ON annotation FOR EACH ROW WHEN (NEW.also_label_ids <> '{}')
  EXECUTE FUNCTION check_also();

ALTER TABLE consensus DROP CONSTRAINT consensus_answer_check;
ALTER TABLE consensus ADD CONSTRAINT consensus_answer_check
  CHECK (answer IN ('label', 'unsure', 'none_of_these', 'bad_audio')),
  ADD COLUMN also_label_ids int[] NOT NULL DEFAULT '{}';
GRANT INSERT (also_label_ids) ON consensus TO earmark_researcher;
ALTER TABLE dataset_item ADD COLUMN also text[] NOT NULL DEFAULT '{}';
GRANT INSERT (also) ON dataset_item TO earmark_researcher;

-- ---------------------------------------------------------------------------------------------- several people

ALTER TABLE review
  ADD COLUMN n_wanted smallint NOT NULL DEFAULT 1 CHECK (n_wanted > 0),
  ADD COLUMN answered_by text[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN review.n_wanted IS 'how many people are to answer; 32767 asks everybody (a gold clip)';
COMMENT ON COLUMN review.answered_by IS 'who has answered; nobody of them is asked again, and who follows sees no proposal';
UPDATE review v SET answered_by = (
  SELECT coalesce(array_agg(DISTINCT a.author), '{}') FROM current_annotation a
  WHERE a.project_id = v.project_id AND a.clip_id = v.clip_id AND a.source = 'human');
-- Who is asked second must not know it.
REVOKE SELECT ON review FROM earmark_annotator;
GRANT SELECT (review_id, project_id, clip_id, position, reason, proposed_label_id, proposed_confidence, state, claimed_by,
  claimed_until, skipped_by, operation_id, author, created_at) ON review TO earmark_annotator;
GRANT INSERT (n_wanted, answered_by), UPDATE (reason, proposed_label_id, proposed_confidence, n_wanted) ON review
  TO earmark_reviewer;

CREATE OR REPLACE FUNCTION settle_review() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET enable_seqscan = off AS $$
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

-- ``label_id``: only clips for which this label is proposed, the surest first (to be heard together in a grid).
DROP FUNCTION claim_reviews(int, int, bigint[], int);
CREATE FUNCTION claim_reviews(project_id int, n int, have bigint[], minutes int, label_id int DEFAULT NULL)
RETURNS TABLE (clip_id bigint, recording_name text, start_s double precision, duration_s double precision,
               rate_hz int, reason text, proposed_label text, proposed_confidence real)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET enable_seqscan = off AS $$
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
END $$;
REVOKE ALL ON FUNCTION claim_reviews(int, int, bigint[], int, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION claim_reviews(int, int, bigint[], int, int) TO earmark_annotator;

CREATE FUNCTION release_claims(project_id int, clip_ids bigint[]) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  n bigint;
BEGIN
  PERFORM demand_duty($1, 'annotator');
  UPDATE review v SET claimed_by = NULL, claimed_until = NULL
  WHERE v.project_id = $1 AND v.clip_id = ANY ($2) AND v.state = 'open' AND v.claimed_by = session_user;
  GET DIAGNOSTICS n = ROW_COUNT;
  RETURN n;
END $$;
REVOKE ALL ON FUNCTION release_claims(int, bigint[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION release_claims(int, bigint[]) TO earmark_annotator;

CREATE OR REPLACE FUNCTION count_waiting(project_id int) RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  PERFORM demand_duty($1, 'annotator');
  RETURN (
    SELECT count(*) FROM review v
    WHERE v.project_id = $1 AND v.state = 'open' AND session_user <> ALL (v.skipped_by)
      AND session_user <> ALL (v.answered_by)
      AND (v.claimed_by IS NULL OR v.claimed_by = session_user OR v.claimed_until < clock_timestamp()));
END $$;

-- For which labels clips wait that a person may hear together.
CREATE FUNCTION waiting_by_proposal(project_id int)
RETURNS TABLE (label_id int, label text, n bigint, mean_confidence double precision)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
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
END $$;
REVOKE ALL ON FUNCTION waiting_by_proposal(int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION waiting_by_proposal(int) TO earmark_annotator;

-- ---------------------------------------------------------------------------------------------- gold clips

-- What a clip certainly is, by a reviewer; the latest row counts, history stays.
CREATE TABLE gold (
  gold_id uuid PRIMARY KEY,
  project_id int NOT NULL,
  clip_id bigint NOT NULL,
  is_gold boolean NOT NULL,
  answer text CHECK (answer IN ('label', 'none_of_these')),
  label_id int,
  author text NOT NULL DEFAULT session_user,
  created_at timestamptz NOT NULL DEFAULT now(),
  CHECK (is_gold = (answer IS NOT NULL)),
  CHECK ((answer IS NOT DISTINCT FROM 'label') = (label_id IS NOT NULL)),
  FOREIGN KEY (project_id, clip_id) REFERENCES clip (project_id, clip_id),
  FOREIGN KEY (project_id, label_id) REFERENCES label (project_id, label_id)
);
CREATE INDEX gold_by_clip ON gold (project_id, clip_id, created_at DESC);

-- ---------------------------------------------------------------------------------------------- suspects, verdicts

-- The clips whose label others doubt, by the latest search for mislabels, the most suspicious first.
CREATE TABLE suspect (
  project_id int NOT NULL,
  clip_id bigint NOT NULL,
  position int NOT NULL,
  score real NOT NULL,
  given_label_id int NOT NULL,
  suggested_label_id int NOT NULL,
  given_probability real NOT NULL,
  suggested_probability real NOT NULL,
  nearest_given_clip_id bigint,
  nearest_suggested_clip_id bigint,
  n_near smallint NOT NULL,
  n_near_given smallint NOT NULL,
  n_near_suggested smallint NOT NULL,
  reason text NOT NULL,
  operation_id bigint NOT NULL,
  author text NOT NULL DEFAULT session_user,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (project_id, clip_id),
  FOREIGN KEY (project_id, clip_id) REFERENCES clip (project_id, clip_id),
  FOREIGN KEY (project_id, nearest_given_clip_id) REFERENCES clip (project_id, clip_id),
  FOREIGN KEY (project_id, nearest_suggested_clip_id) REFERENCES clip (project_id, clip_id),
  FOREIGN KEY (project_id, given_label_id) REFERENCES label (project_id, label_id),
  FOREIGN KEY (project_id, suggested_label_id) REFERENCES label (project_id, label_id),
  FOREIGN KEY (project_id, operation_id) REFERENCES operation (project_id, operation_id)
);
CREATE INDEX suspect_in_order ON suspect (project_id, position);
COMMENT ON COLUMN suspect.n_near IS 'how many nearest clips were asked; the next two: how many of them have these labels';

-- What a reviewer decided about a doubt. Its id is that of the annotation that it made, if it made one.
CREATE TABLE verdict (
  verdict_id uuid PRIMARY KEY,
  project_id int NOT NULL,
  clip_id bigint NOT NULL,
  doubt text NOT NULL CHECK (doubt IN ('suspect', 'flagged', 'disputed')),
  verdict text NOT NULL CHECK (verdict IN ('confirmed', 'relabelled', 'none_of_these', 'unsure', 'bad_audio', 'withdrawn')),
  given_label_id int,
  suggested_label_id int,
  label_id int,
  score real,
  supersedes uuid REFERENCES verdict,
  author text NOT NULL DEFAULT session_user,
  created_at timestamptz NOT NULL DEFAULT now(),
  CHECK ((verdict IN ('confirmed', 'relabelled')) = (label_id IS NOT NULL)),
  CHECK ((verdict = 'withdrawn') = (supersedes IS NOT NULL)),
  FOREIGN KEY (project_id, clip_id) REFERENCES clip (project_id, clip_id),
  FOREIGN KEY (project_id, given_label_id) REFERENCES label (project_id, label_id),
  FOREIGN KEY (project_id, suggested_label_id) REFERENCES label (project_id, label_id),
  FOREIGN KEY (project_id, label_id) REFERENCES label (project_id, label_id)
);
CREATE INDEX verdict_by_clip ON verdict (project_id, clip_id, created_at DESC);
CREATE UNIQUE INDEX verdict_superseded ON verdict (supersedes) WHERE supersedes IS NOT NULL;

-- ---------------------------------------------------------------------------------------------- the queue's plan

-- How the project's queue is kept in order while people answer; written by the latest build of the queue.
CREATE TABLE queue_plan (
  project_id int PRIMARY KEY REFERENCES project,
  strategy jsonb NOT NULL,
  selection text,
  is_live boolean NOT NULL DEFAULT true,
  audit_share real NOT NULL CHECK (audit_share BETWEEN 0 AND 1),
  overlap_share real NOT NULL CHECK (overlap_share BETWEEN 0 AND 1),
  n_people smallint NOT NULL CHECK (n_people BETWEEN 2 AND 20),
  ranked_at timestamptz,
  operation_id bigint NOT NULL,
  author text NOT NULL DEFAULT session_user,
  created_at timestamptz NOT NULL DEFAULT now(),
  FOREIGN KEY (project_id, operation_id) REFERENCES operation (project_id, operation_id)
);
COMMENT ON COLUMN queue_plan.audit_share IS 'share of the questions drawn by lot, from which the honest estimates come';
COMMENT ON COLUMN queue_plan.overlap_share IS 'share of the clips that n_people people are asked about';

-- ---------------------------------------------------------------------------------------------- rights

DO $rights$
DECLARE
  kept regclass;
BEGIN
  FOREACH kept IN ARRAY ARRAY['gold', 'suspect', 'verdict', 'queue_plan']::regclass[] LOOP
    EXECUTE format('CREATE TRIGGER stamp_author BEFORE INSERT ON %s FOR EACH ROW EXECUTE FUNCTION stamp_author()', kept);
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', kept);
    EXECUTE format('GRANT SELECT ON %s TO earmark_reviewer', kept);
    EXECUTE format('CREATE POLICY %I ON %s FOR SELECT TO earmark_reviewer '
                   'USING (project_id = ANY ((SELECT my_projects(''reviewer''))::int[]))', kept || '_read', kept);
    EXECUTE format('CREATE POLICY %I ON %s FOR INSERT TO earmark_reviewer '
                   'WITH CHECK (project_id = ANY ((SELECT my_projects(''reviewer''))::int[]))', kept || '_add', kept);
  END LOOP;
  FOREACH kept IN ARRAY ARRAY['gold', 'verdict']::regclass[] LOOP
    EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON %s '
                   'FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', kept);
  END LOOP;
  FOREACH kept IN ARRAY ARRAY['suspect', 'queue_plan']::regclass[] LOOP
    EXECUTE format('GRANT DELETE ON %s TO earmark_reviewer', kept);
    EXECUTE format('CREATE POLICY %I ON %s FOR DELETE TO earmark_reviewer '
                   'USING (project_id = ANY ((SELECT my_projects(''reviewer''))::int[]))', kept || '_remove', kept);
  END LOOP;
END $rights$;
GRANT INSERT (gold_id, project_id, clip_id, is_gold, answer, label_id) ON gold TO earmark_reviewer;
GRANT INSERT (project_id, clip_id, position, score, given_label_id, suggested_label_id, given_probability,
  suggested_probability, nearest_given_clip_id, nearest_suggested_clip_id, n_near, n_near_given, n_near_suggested, reason,
  operation_id) ON suspect
  TO earmark_reviewer;
GRANT INSERT (verdict_id, project_id, clip_id, doubt, verdict, given_label_id, suggested_label_id, label_id, score,
  supersedes) ON verdict TO earmark_reviewer;
GRANT INSERT (project_id, strategy, selection, is_live, audit_share, overlap_share, n_people, ranked_at, operation_id),
  UPDATE (ranked_at, is_live) ON queue_plan TO earmark_reviewer;
CREATE POLICY queue_plan_change ON queue_plan FOR UPDATE TO earmark_reviewer
  USING (project_id = ANY ((SELECT my_projects('reviewer'))::int[]));

-- A verdict is taken back by whoever gave it, on the same clip.
CREATE FUNCTION check_verdict() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM verdict v WHERE v.verdict_id = NEW.supersedes AND v.project_id = NEW.project_id
                 AND v.clip_id = NEW.clip_id AND v.author = session_user AND v.verdict <> 'withdrawn') THEN
    RAISE EXCEPTION 'a verdict is taken back by who gave it, on the same clip' USING ERRCODE = 'foreign_key_violation';
  END IF;
  RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION check_verdict() FROM PUBLIC;
CREATE TRIGGER check_verdict BEFORE INSERT ON verdict FOR EACH ROW WHEN (NEW.supersedes IS NOT NULL)
  EXECUTE FUNCTION check_verdict();

-- ---------------------------------------------------------------------------------------------- one's own standing

-- What people may know of themselves and of nobody else: how often those who were asked the same said the same (only
-- where everybody has answered, so that asking tells nothing beforehand), and how often they met the gold.
CREATE FUNCTION my_standing(project_id int)
RETURNS TABLE (n_compared bigint, n_agreed double precision, n_gold bigint, n_gold_met bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
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
END $$;
REVOKE ALL ON FUNCTION my_standing(int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION my_standing(int) TO earmark_annotator;

-- ---------------------------------------------------------------------------------------------- jobs

CREATE OR REPLACE FUNCTION is_job(verbs jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT jsonb_typeof(verbs) = 'array' AND NOT EXISTS (
    SELECT FROM jsonb_path_query(verbs, '$[*]') line
    WHERE jsonb_typeof(line) <> 'array'
      OR coalesce(line ->> 0, '') <> ALL (ARRAY['ingest', 'cut', 'embed', 'deduplicate', 'select', 'queue', 'augment',
                                                'export', 'release', 'verify', 'train-encoder', 'mislabels',
                                                'progress'])
      OR EXISTS (SELECT FROM jsonb_path_query(line, '$[*]') word
                 WHERE jsonb_typeof(word) <> 'string' OR word #>> '{}' ~ '^(--(workspace|project)(=|$)|-[wp])'))
$$;
