-- Redundancy: what was found between two clips, the marks by which a sound is known again, and an index for searching.

ALTER TABLE duplicate
  ADD COLUMN finding text NOT NULL DEFAULT 'same recording'
    CHECK (finding IN ('identical', 'same recording', 'sounds alike')),
  ADD COLUMN overlap_s real;
UPDATE duplicate SET finding = 'identical' WHERE distance = 0 AND lag_s = 0;
ALTER TABLE duplicate ALTER COLUMN finding DROP DEFAULT;
COMMENT ON COLUMN duplicate.finding IS 'what connects the clip with its group''s representative when it was found';
COMMENT ON COLUMN duplicate.overlap_s IS 'how much of their sound the two share; NULL where nothing was laid on each other';
GRANT INSERT (finding, overlap_s) ON duplicate TO earmark_researcher;

-- A clip's samples never change, so what a method makes of them holds for ever; another method has another name.
CREATE TABLE fingerprint (
  clip_id bigint NOT NULL,
  project_id int NOT NULL REFERENCES project,
  method text NOT NULL CHECK (method <> ''),
  marks bytea NOT NULL,
  author text NOT NULL DEFAULT session_user,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (project_id, method, clip_id),
  FOREIGN KEY (project_id, clip_id) REFERENCES clip (project_id, clip_id)
);
CREATE INDEX fingerprint_by_clip ON fingerprint (project_id, clip_id);
ALTER TABLE fingerprint ALTER COLUMN marks SET STORAGE EXTERNAL;
CREATE TRIGGER stamp_author BEFORE INSERT ON fingerprint FOR EACH ROW
  WHEN (NEW.author IS DISTINCT FROM session_user OR NEW.created_at IS DISTINCT FROM now())
  EXECUTE FUNCTION stamp_author();
ALTER TABLE fingerprint ENABLE ROW LEVEL SECURITY;
GRANT SELECT ON fingerprint TO earmark_reviewer;
GRANT INSERT (clip_id, project_id, method, marks), DELETE ON fingerprint TO earmark_researcher;
CREATE POLICY fingerprint_read ON fingerprint FOR SELECT TO earmark_reviewer
  USING (project_id = ANY ((SELECT my_projects('reviewer'))::int[]));
CREATE POLICY fingerprint_add ON fingerprint FOR INSERT TO earmark_researcher
  WITH CHECK (project_id = ANY ((SELECT my_projects('researcher'))::int[]));
CREATE POLICY fingerprint_remove ON fingerprint FOR DELETE TO earmark_researcher
  USING (project_id = ANY ((SELECT my_projects('researcher'))::int[]));

-- Only an owner makes indexes; this makes the one of an encoder, and drops those of the project's other encoders.
-- While it is made, nobody adds embeddings.
CREATE FUNCTION index_embeddings(encoder_id int) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
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
END $$;
REVOKE ALL ON FUNCTION index_embeddings(int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION index_embeddings(int) TO earmark_researcher;

-- Training an encoder is long work too.
CREATE OR REPLACE FUNCTION is_job(verbs jsonb) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT jsonb_typeof(verbs) = 'array' AND NOT EXISTS (
    SELECT FROM jsonb_path_query(verbs, '$[*]') line
    WHERE jsonb_typeof(line) <> 'array'
      OR coalesce(line ->> 0, '') <> ALL (ARRAY['ingest', 'cut', 'embed', 'deduplicate', 'select', 'queue', 'augment',
                                                'export', 'release', 'verify', 'train-encoder'])
      OR EXISTS (SELECT FROM jsonb_path_query(line, '$[*]') word
                 WHERE jsonb_typeof(word) <> 'string' OR word #>> '{}' ~ '^(--(workspace|project)(=|$)|-[wp])'))
$$;
