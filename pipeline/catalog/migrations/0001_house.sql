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
