-- What is made of clips: embeddings, duplicates, selections, the review queue, annotations, datasets.

CREATE TABLE encoder (
  encoder_id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  project_id int NOT NULL REFERENCES project,
  spec jsonb NOT NULL,
  spec_sha256 bytea NOT NULL,
  n_dims int NOT NULL,
  is_current boolean NOT NULL DEFAULT false,
  author text NOT NULL DEFAULT session_user,
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (project_id, spec_sha256)
);
CREATE UNIQUE INDEX encoder_current ON encoder (project_id) WHERE is_current;

CREATE TABLE embedding (
  encoder_id int NOT NULL REFERENCES encoder,
  clip_id bigint NOT NULL REFERENCES clip,
  project_id int NOT NULL REFERENCES project,
  vector halfvec NOT NULL,
  author text NOT NULL DEFAULT session_user,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (encoder_id, clip_id)
);

CREATE TABLE map_point (
  encoder_id int NOT NULL REFERENCES encoder,
  clip_id bigint NOT NULL REFERENCES clip,
  project_id int NOT NULL REFERENCES project,
  x real NOT NULL,
  y real NOT NULL,
  author text NOT NULL DEFAULT session_user,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (encoder_id, clip_id)
);

-- The current grouping; a new run replaces it, people's decisions stay and are applied again.
CREATE TABLE duplicate_group (
  duplicate_group_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  project_id int NOT NULL REFERENCES project,
  representative_clip_id bigint NOT NULL REFERENCES clip,
  operation_id bigint NOT NULL REFERENCES operation,
  author text NOT NULL DEFAULT session_user,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX duplicate_group_by_project ON duplicate_group (project_id, duplicate_group_id);

CREATE TABLE duplicate (
  clip_id bigint PRIMARY KEY REFERENCES clip,
  project_id int NOT NULL REFERENCES project,
  duplicate_group_id bigint NOT NULL REFERENCES duplicate_group ON DELETE CASCADE,
  distance real NOT NULL,
  reason text NOT NULL,
  lag_s real NOT NULL,
  author text NOT NULL DEFAULT session_user,
  created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON COLUMN duplicate.lag_s IS 'the clip begins so much later than the clip that distance and reason refer to';
CREATE INDEX duplicate_by_group ON duplicate (duplicate_group_id);

CREATE TABLE duplicate_decision (
  duplicate_decision_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  project_id int NOT NULL REFERENCES project,
  clip_id bigint NOT NULL REFERENCES clip,
  decision text NOT NULL CHECK (decision IN ('restore', 'mark', 'represent')),
  author text NOT NULL DEFAULT session_user,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX duplicate_decision_by_clip ON duplicate_decision (clip_id, duplicate_decision_id DESC);

CREATE TABLE selection (
  selection_id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  project_id int NOT NULL REFERENCES project,
  name text NOT NULL CHECK (name <> ''),
  spec jsonb NOT NULL,
  operation_id bigint NOT NULL REFERENCES operation,
  author text NOT NULL DEFAULT session_user,
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (project_id, name)
);

CREATE TABLE selection_item (
  selection_id int NOT NULL REFERENCES selection ON DELETE CASCADE,
  clip_id bigint NOT NULL REFERENCES clip,
  project_id int NOT NULL REFERENCES project,
  position int NOT NULL,
  reason text NOT NULL,
  author text NOT NULL DEFAULT session_user,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (selection_id, clip_id)
);

-- The review queue: what waits, in which order, and who holds it until when.
CREATE TABLE review (
  review_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  project_id int NOT NULL REFERENCES project,
  clip_id bigint NOT NULL REFERENCES clip,
  position bigint NOT NULL,
  reason text NOT NULL,
  proposed_label_id int REFERENCES label,
  proposed_confidence real,
  state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'answered')),
  claimed_by text,
  claimed_until timestamptz,
  skipped_by text[] NOT NULL DEFAULT '{}',
  operation_id bigint NOT NULL REFERENCES operation,
  author text NOT NULL DEFAULT session_user,
  created_at timestamptz NOT NULL DEFAULT now(),
  CHECK ((claimed_by IS NULL) = (claimed_until IS NULL))
);
CREATE UNIQUE INDEX review_one_a_clip ON review (project_id, clip_id);
CREATE INDEX review_next ON review (project_id, position, review_id) WHERE state = 'open';

CREATE TABLE annotation (
  annotation_id uuid PRIMARY KEY,
  project_id int NOT NULL REFERENCES project,
  clip_id bigint NOT NULL REFERENCES clip,
  source text NOT NULL CHECK (source IN ('human', 'folder', 'file_name', 'csv', 'function', 'model')),
  answer text NOT NULL CHECK (answer IN ('label', 'unsure', 'none_of_these', 'withdrawn')),
  label_id int REFERENCES label,
  confidence real CHECK (confidence BETWEEN 0 AND 1),
  supersedes uuid REFERENCES annotation,
  n_plays int CHECK (n_plays >= 0),
  heard_s real CHECK (heard_s >= 0),
  response_ms int CHECK (response_ms >= 0),
  speed real CHECK (speed > 0),
  author text NOT NULL DEFAULT session_user,
  created_at timestamptz NOT NULL DEFAULT now(),
  CHECK ((answer = 'label') = (label_id IS NOT NULL)),
  CHECK (answer <> 'withdrawn' OR supersedes IS NOT NULL)
);
CREATE INDEX annotation_by_clip ON annotation (project_id, clip_id);
CREATE INDEX annotation_superseded ON annotation (supersedes) WHERE supersedes IS NOT NULL;
CREATE INDEX annotation_by_author ON annotation (project_id, author, created_at DESC);

CREATE VIEW current_annotation WITH (security_invoker = true) AS
SELECT a.annotation_id, a.project_id, a.clip_id, a.source, a.answer, a.label_id, a.confidence, a.author, a.created_at
FROM annotation a
WHERE a.answer <> 'withdrawn'
  AND NOT EXISTS (SELECT FROM annotation later WHERE later.supersedes = a.annotation_id);

-- Nobody takes back another person's word, nor speaks for another clip.
CREATE FUNCTION check_supersedes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.supersedes IS NOT NULL AND NOT EXISTS (
    SELECT FROM annotation a WHERE a.annotation_id = NEW.supersedes AND a.project_id = NEW.project_id
      AND a.clip_id = NEW.clip_id AND a.author = session_user
  ) THEN
    RAISE EXCEPTION 'an annotation supersedes only one by the same person on the same clip'
      USING ERRCODE = 'foreign_key_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER check_supersedes BEFORE INSERT ON annotation FOR EACH ROW EXECUTE FUNCTION check_supersedes();

CREATE TABLE flag (
  flag_id uuid PRIMARY KEY,
  project_id int NOT NULL REFERENCES project,
  clip_id bigint NOT NULL REFERENCES clip,
  is_raised boolean NOT NULL,
  author text NOT NULL DEFAULT session_user,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX flag_by_clip ON flag (project_id, clip_id, created_at DESC);

CREATE TABLE consensus (
  clip_id bigint PRIMARY KEY REFERENCES clip,
  project_id int NOT NULL REFERENCES project,
  answer text NOT NULL CHECK (answer IN ('label', 'unsure', 'none_of_these')),
  label_id int REFERENCES label,
  confidence real NOT NULL,
  n_votes int NOT NULL,
  is_disputed boolean NOT NULL,
  author text NOT NULL DEFAULT session_user,
  created_at timestamptz NOT NULL DEFAULT now(),
  CHECK ((answer = 'label') = (label_id IS NOT NULL))
);
CREATE INDEX consensus_by_label ON consensus (project_id, label_id);

CREATE TABLE dataset (
  dataset_id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  project_id int NOT NULL REFERENCES project,
  name text NOT NULL CHECK (name ~ '^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$'),
  author text NOT NULL DEFAULT session_user,
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (project_id, name)
);

CREATE TABLE dataset_version (
  dataset_version_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  project_id int NOT NULL REFERENCES project,
  dataset_id int NOT NULL REFERENCES dataset,
  version int NOT NULL CHECK (version > 0),
  spec jsonb NOT NULL,
  n_items bigint NOT NULL CHECK (n_items > 0),
  manifest_sha256 bytea NOT NULL CHECK (length(manifest_sha256) = 32),
  operation_id bigint NOT NULL REFERENCES operation,
  author text NOT NULL DEFAULT session_user,
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (dataset_id, version)
);

CREATE TABLE dataset_item (
  dataset_version_id bigint NOT NULL REFERENCES dataset_version,
  clip_id bigint NOT NULL REFERENCES clip,
  project_id int NOT NULL REFERENCES project,
  split text NOT NULL CHECK (split IN ('train', 'validation', 'test')),
  label text NOT NULL,
  confidence real NOT NULL,
  n_votes int NOT NULL,
  object_key text NOT NULL,
  sha256 bytea NOT NULL,
  rate_hz int NOT NULL,
  n_channels int NOT NULL,
  n_samples bigint NOT NULL,
  recording_uri text NOT NULL,
  start_sample bigint NOT NULL,
  stop_sample bigint NOT NULL,
  split_group text NOT NULL,
  author text NOT NULL DEFAULT session_user,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (dataset_version_id, clip_id)
);

-- Every author and time comes from the database; what is history cannot be rewritten, not even by its owner.
DO $$
DECLARE
  name text;
BEGIN
  FOR name IN SELECT c.table_name FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
              WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE' AND c.column_name = 'author'
  LOOP
    EXECUTE format('CREATE TRIGGER stamp_author BEFORE INSERT ON %I FOR EACH ROW EXECUTE FUNCTION stamp_author()', name);
  END LOOP;
  FOREACH name IN ARRAY ARRAY['annotation', 'flag', 'operation', 'operation_outcome', 'duplicate_decision',
                              'dataset_version', 'dataset_item', 'recording_label']
  LOOP
    EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON %I '
                   'FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', name);
  END LOOP;
END $$;
