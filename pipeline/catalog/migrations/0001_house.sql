-- The house: every table has its project and every row its author.
-- Rules that must hold are constraints and triggers here, not Python.

CREATE EXTENSION IF NOT EXISTS vector;

-- Who writes is who is logged in, and when is now: nobody can claim otherwise.
CREATE FUNCTION stamp_author() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.author := session_user;
  NEW.created_at := clock_timestamp();
  RETURN NEW;
END $$;

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only: % refused; add a row that supersedes', TG_TABLE_NAME, TG_OP
    USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TABLE project (
  project_id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL UNIQUE CHECK (name ~ '^[A-Za-z0-9][A-Za-z0-9 _.-]{0,62}$'),
  recipe jsonb NOT NULL,
  truth_uri text,
  author text NOT NULL DEFAULT session_user,
  created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON COLUMN project.truth_uri IS 'a demo corpus'' planted truth, so that screens can say how much was found';

CREATE TABLE member (
  project_id int NOT NULL REFERENCES project,
  person text NOT NULL,
  duty text NOT NULL CHECK (duty IN ('annotator', 'reviewer', 'researcher', 'admin')),
  author text NOT NULL DEFAULT session_user,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (project_id, person)
);

CREATE TABLE label (
  label_id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  project_id int NOT NULL REFERENCES project,
  name text NOT NULL CHECK (name <> ''),
  position int NOT NULL,
  author text NOT NULL DEFAULT session_user,
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (project_id, name)
);

-- The operation log: one row when a run begins, one when it ends, both for ever.
CREATE TABLE operation (
  operation_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  project_id int NOT NULL REFERENCES project,
  action text NOT NULL,
  spec jsonb NOT NULL,
  author text NOT NULL DEFAULT session_user,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX operation_by_project ON operation (project_id, operation_id DESC);

CREATE TABLE operation_outcome (
  operation_id bigint PRIMARY KEY REFERENCES operation,
  project_id int NOT NULL REFERENCES project,
  status text NOT NULL CHECK (status IN ('done', 'failed', 'cancelled')),
  n_input bigint NOT NULL,
  n_done bigint NOT NULL,
  n_unchanged bigint NOT NULL,
  n_failed bigint NOT NULL,
  detail jsonb NOT NULL DEFAULT '{}',
  message text,
  author text NOT NULL DEFAULT session_user,
  created_at timestamptz NOT NULL DEFAULT now(),
  CHECK (status <> 'done' OR n_input = n_done + n_failed)
);

-- How far a run is, for screens; the only part of it that changes.
CREATE TABLE progress (
  operation_id bigint PRIMARY KEY REFERENCES operation,
  project_id int NOT NULL REFERENCES project,
  stage text NOT NULL,
  n_done bigint NOT NULL,
  n_failed bigint NOT NULL,
  n_total bigint,
  is_cancel_asked boolean NOT NULL DEFAULT false,
  stage_began_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE recording (
  recording_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  project_id int NOT NULL REFERENCES project,
  uri text NOT NULL,
  name text NOT NULL,
  size_bytes bigint NOT NULL,
  mtime_ns bigint NOT NULL,
  file_sha256 bytea NOT NULL CHECK (length(file_sha256) = 32),
  pcm_sha256 bytea NOT NULL CHECK (length(pcm_sha256) = 32),
  container text NOT NULL,
  codec text NOT NULL,
  rate_hz int NOT NULL CHECK (rate_hz > 0),
  n_channels int NOT NULL CHECK (n_channels > 0),
  n_samples bigint NOT NULL CHECK (n_samples > 0),
  claimed_n_samples bigint,
  bit_depth int,
  duration_s double precision NOT NULL GENERATED ALWAYS AS (n_samples::double precision / rate_hz) STORED,
  peak_dbfs real,
  rms_dbfs real,
  clipped_ratio real NOT NULL,
  dc_offset real NOT NULL,
  n_not_finite bigint NOT NULL,
  source_group text,
  superseded_at timestamptz,
  operation_id bigint NOT NULL REFERENCES operation,
  author text NOT NULL DEFAULT session_user,
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (project_id, uri, file_sha256)
);
COMMENT ON COLUMN recording.superseded_at IS 'when the file at this place was seen to hold something else';
CREATE UNIQUE INDEX recording_now ON recording (project_id, uri) WHERE superseded_at IS NULL;
CREATE INDEX recording_page ON recording (project_id, recording_id) WHERE superseded_at IS NULL;

-- Labels that the files carried when they came: of the whole recording, or of a span of it.
CREATE TABLE recording_label (
  recording_id bigint NOT NULL REFERENCES recording,
  project_id int NOT NULL REFERENCES project,
  label_id int NOT NULL REFERENCES label,
  source text NOT NULL CHECK (source IN ('folder', 'file_name', 'csv')),
  start_sample bigint NOT NULL DEFAULT 0 CHECK (start_sample >= 0),
  stop_sample bigint CHECK (stop_sample > start_sample),
  author text NOT NULL DEFAULT session_user,
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE NULLS NOT DISTINCT (recording_id, source, label_id, start_sample, stop_sample)
);

-- One recording turned into clips by one segmenter and one audio format.
CREATE TABLE cut (
  cut_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  project_id int NOT NULL REFERENCES project,
  recording_id bigint NOT NULL REFERENCES recording,
  spec jsonb NOT NULL,
  spec_sha256 bytea NOT NULL,
  n_clips int NOT NULL,
  is_active boolean NOT NULL DEFAULT true,
  operation_id bigint NOT NULL REFERENCES operation,
  author text NOT NULL DEFAULT session_user,
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (recording_id, spec_sha256)
);
CREATE UNIQUE INDEX cut_active ON cut (recording_id) WHERE is_active;

CREATE TABLE clip (
  clip_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  project_id int NOT NULL REFERENCES project,
  recording_id bigint NOT NULL REFERENCES recording,
  cut_id bigint NOT NULL REFERENCES cut,
  start_sample bigint NOT NULL CHECK (start_sample >= 0),
  stop_sample bigint NOT NULL CHECK (stop_sample > start_sample),
  object_key text NOT NULL,
  sha256 bytea NOT NULL CHECK (length(sha256) = 32),
  rate_hz int NOT NULL,
  n_channels int NOT NULL,
  n_samples bigint NOT NULL CHECK (n_samples > 0),
  duration_s double precision NOT NULL GENERATED ALWAYS AS (n_samples::double precision / rate_hz) STORED,
  peak_dbfs real,
  rms_dbfs real,
  thumbnail bytea NOT NULL,
  is_active boolean NOT NULL DEFAULT true,
  is_redundant boolean NOT NULL DEFAULT false,
  author text NOT NULL DEFAULT session_user,
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (cut_id, start_sample, stop_sample)
);
COMMENT ON COLUMN clip.start_sample IS 'in samples of the recording''s own rate; the span is half-open';
COMMENT ON COLUMN clip.n_samples IS 'of the conformed audio at rate_hz';
CREATE INDEX clip_page ON clip (project_id, clip_id) WHERE is_active;
CREATE INDEX clip_by_recording ON clip (recording_id);

CREATE TABLE problem (
  problem_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  project_id int NOT NULL REFERENCES project,
  recording_id bigint NOT NULL REFERENCES recording,
  clip_id bigint REFERENCES clip,
  kind text NOT NULL,
  message text NOT NULL,
  fix text,
  author text NOT NULL DEFAULT session_user,
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE NULLS NOT DISTINCT (recording_id, clip_id, kind)
);
CREATE INDEX problem_by_kind ON problem (project_id, kind);

-- One item that a stage could not finish; resolved when a later run could.
CREATE TABLE failure (
  failure_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  project_id int NOT NULL REFERENCES project,
  operation_id bigint NOT NULL REFERENCES operation,
  stage text NOT NULL,
  item text NOT NULL,
  error text NOT NULL,
  message text NOT NULL,
  n_attempts int NOT NULL DEFAULT 1,
  resolved_at timestamptz,
  author text NOT NULL DEFAULT session_user,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX failure_open ON failure (project_id, stage, item) WHERE resolved_at IS NULL;

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
  author text NOT NULL DEFAULT session_user,
  created_at timestamptz NOT NULL DEFAULT now()
);
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
