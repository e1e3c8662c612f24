-- What screens count is kept counted.

-- ---------------------------------------------------------------------------------------------- tallies

-- What screens count, kept while rows come and go: the sum over the rows of one facet and key is the count.
CREATE TABLE tally (
  tally_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  project_id int NOT NULL REFERENCES project ON DELETE CASCADE,
  facet text NOT NULL,
  key text NOT NULL,
  n bigint NOT NULL,
  duration_us bigint NOT NULL
) WITH (fillfactor = 50);
COMMENT ON COLUMN tally.key IS 'a label''s id, a problem''s kind, a review''s state, …; empty where a facet has but one';
CREATE INDEX tally_by_facet ON tally (project_id, facet, key);

ALTER TABLE clip ADD COLUMN is_answered boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN clip.is_answered IS 'a person''s answer stands; kept by a trigger on annotation';

-- Whichever row nobody else is changing: people who answer at the same moment never wait for each other, nor for a run.
CREATE FUNCTION add_tally(of_project int, of_facet text, of_key text, more bigint, more_us bigint) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
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

CREATE FUNCTION in_us(duration_s double precision) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN round(duration_s * 1000000)::bigint;

-- Everything that is tallied, counted anew: what the triggers below must come to.
CREATE FUNCTION fresh_tallies(of_project int) RETURNS TABLE (facet text, key text, n bigint, duration_us bigint)
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
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

-- Makes the tallies true again, and gives what was not.
CREATE FUNCTION recount(of_project int)
RETURNS TABLE (facet text, key text, n_was bigint, n_is bigint, duration_us_was bigint, duration_us_is bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
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

-- ---------------------------------------------------------------------------------------------- recordings and cuts

-- Two rules in what follows. Rows as they are and rows as they were are added up with their signs, never joined. And
-- what joins a table is planned anew each time (EXECUTE): a plan made while the table was empty, and kept by a session
-- that then writes a million rows, reads it from end to end for every batch.
CREATE FUNCTION tally_recordings() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
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
END $$;
CREATE TRIGGER tally_added AFTER INSERT ON recording REFERENCING NEW TABLE AS now_rows
  FOR EACH STATEMENT EXECUTE FUNCTION tally_recordings();
CREATE TRIGGER tally_changed AFTER UPDATE ON recording REFERENCING NEW TABLE AS now_rows OLD TABLE AS former_rows
  FOR EACH STATEMENT EXECUTE FUNCTION tally_recordings();

CREATE FUNCTION tally_cuts() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
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
END $$;
CREATE TRIGGER tally_added AFTER INSERT ON cut REFERENCING NEW TABLE AS now_rows
  FOR EACH STATEMENT EXECUTE FUNCTION tally_cuts();
CREATE TRIGGER tally_changed AFTER UPDATE ON cut REFERENCING NEW TABLE AS now_rows OLD TABLE AS former_rows
  FOR EACH STATEMENT EXECUTE FUNCTION tally_cuts();

CREATE FUNCTION tally_problems() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
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
END $$;
CREATE TRIGGER tally_added AFTER INSERT ON problem REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION tally_problems();
CREATE TRIGGER tally_removed AFTER DELETE ON problem REFERENCING OLD TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION tally_problems();

-- ---------------------------------------------------------------------------------------------- clips

CREATE FUNCTION tally_clips() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
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
END $$;
CREATE TRIGGER tally_added AFTER INSERT ON clip REFERENCING NEW TABLE AS now_rows
  FOR EACH STATEMENT EXECUTE FUNCTION tally_clips();
CREATE TRIGGER tally_changed AFTER UPDATE ON clip REFERENCING NEW TABLE AS now_rows OLD TABLE AS former_rows
  FOR EACH STATEMENT EXECUTE FUNCTION tally_clips();

CREATE FUNCTION tally_embeddings() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  EXECUTE $count$ SELECT add_tally(e.project_id, 'embedding', e.encoder_id::text, $1 * count(*), 0)
  FROM changed e JOIN clip c USING (clip_id) WHERE c.is_active GROUP BY e.project_id, e.encoder_id $count$ USING CASE WHEN TG_OP = 'INSERT' THEN 1 ELSE -1 END;
  RETURN NULL;
END $$;
CREATE TRIGGER tally_added AFTER INSERT ON embedding REFERENCING NEW TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION tally_embeddings();
CREATE TRIGGER tally_removed AFTER DELETE ON embedding REFERENCING OLD TABLE AS changed
  FOR EACH STATEMENT EXECUTE FUNCTION tally_embeddings();

-- ---------------------------------------------------------------------------------------------- what people say

CREATE FUNCTION tally_annotations() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
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
END $$;
CREATE TRIGGER tally_added AFTER INSERT ON annotation REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION tally_annotations();

CREATE FUNCTION tally_flags() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
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
CREATE TRIGGER tally_added AFTER INSERT ON flag REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION tally_flags();

