-- Sound in: what clips are filtered by, sources that are looked at again, durable jobs, augmented clips.

ALTER TABLE recording
  ADD COLUMN bandwidth_hz real CHECK (bandwidth_hz >= 0),
  ADD COLUMN n_dropped_samples bigint CHECK (n_dropped_samples >= 0),
  ADD COLUMN vanished_at timestamptz;
COMMENT ON COLUMN recording.bandwidth_hz IS 'up to here the sound really reaches; far below half the rate: up-sampled';
COMMENT ON COLUMN recording.n_dropped_samples IS 'in runs of exact zeros within sound: the recorder lost them';
COMMENT ON COLUMN recording.vanished_at IS 'when its source was looked at and it was no longer there';
CREATE INDEX recording_by_sound ON recording (project_id, pcm_sha256);

ALTER TABLE clip
  ADD COLUMN loudness_lufs real,
  ADD COLUMN snr_db real,
  ADD COLUMN silence_ratio real CHECK (silence_ratio BETWEEN 0 AND 1),
  ADD COLUMN clipped_ratio real CHECK (clipped_ratio BETWEEN 0 AND 1),
  ADD COLUMN dc_offset real,
  ADD COLUMN bandwidth_hz real CHECK (bandwidth_hz >= 0);
COMMENT ON COLUMN clip.loudness_lufs IS 'integrated, ITU-R BS.1770; null for silence and for clips cut before this column';
COMMENT ON COLUMN clip.snr_db IS 'estimated: loud frames against the noise floor';

-- A folder, a NAS or an object store that recordings come from.
CREATE TABLE source (
  source_id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  project_id int NOT NULL REFERENCES project,
  uri text NOT NULL CHECK (uri <> ''),
  label_rules jsonb NOT NULL,
  watch_every_s int CHECK (watch_every_s > 0),
  then_verbs jsonb NOT NULL DEFAULT '[]',
  looked_at timestamptz,
  n_files bigint,
  author text NOT NULL DEFAULT session_user,
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (project_id, uri)
);
COMMENT ON COLUMN source.watch_every_s IS 'null: looked at only when a person asks';
COMMENT ON COLUMN source.then_verbs IS 'command lines that follow when a look brought something new: [["cut"], ["embed"]]';
ALTER TABLE recording ADD COLUMN source_id int REFERENCES source;
CREATE INDEX recording_by_source ON recording (source_id) WHERE superseded_at IS NULL;

-- Work that was asked for and is carried by a worker: verbs that follow each other, each when the one before ended well.
CREATE TABLE job (
  job_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  project_id int NOT NULL REFERENCES project,
  verbs jsonb NOT NULL CHECK (jsonb_array_length(verbs) > 0),
  source_id int REFERENCES source,
  queue_id bigint,
  state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'running', 'done', 'failed', 'cancelled')),
  is_cancel_asked boolean NOT NULL DEFAULT false,
  n_verbs_done int NOT NULL DEFAULT 0,
  n_attempts int NOT NULL DEFAULT 0,
  results jsonb NOT NULL DEFAULT '[]',
  message text,
  worker text,
  retry_at timestamptz,
  began_at timestamptz,
  ended_at timestamptz,
  author text NOT NULL DEFAULT session_user,
  created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON COLUMN job.verbs IS 'command lines without the program''s name: [["ingest", "/nas/birds"], ["cut"]]';
COMMENT ON COLUMN job.author IS 'the submitter, whose rights the job has';
CREATE INDEX job_by_project ON job (project_id, job_id DESC);
CREATE INDEX job_open ON job (project_id) WHERE state IN ('waiting', 'running');
ALTER TABLE operation ADD COLUMN job_id bigint REFERENCES job;

-- Clips made from clips: what was asked for, and each one with all that rebuilds it bit for bit.
CREATE TABLE augmentation (
  augmentation_id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  project_id int NOT NULL REFERENCES project,
  name text NOT NULL CHECK (name ~ '^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$'),
  spec jsonb NOT NULL,
  spec_sha256 bytea NOT NULL CHECK (length(spec_sha256) = 32),
  operation_id bigint NOT NULL REFERENCES operation,
  author text NOT NULL DEFAULT session_user,
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (project_id, name)
);
COMMENT ON COLUMN augmentation.spec IS 'the chain of augmenters, the seed, how many a clip, of which clips';

CREATE TABLE augmented_clip (
  augmented_clip_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  augmentation_id int NOT NULL REFERENCES augmentation,
  project_id int NOT NULL REFERENCES project,
  clip_id bigint NOT NULL REFERENCES clip,
  position int NOT NULL CHECK (position >= 0),
  spec jsonb NOT NULL,
  seed bigint NOT NULL,
  sha256 bytea NOT NULL CHECK (length(sha256) = 32),
  rate_hz int NOT NULL,
  n_channels int NOT NULL,
  n_samples bigint NOT NULL CHECK (n_samples > 0),
  duration_s double precision NOT NULL GENERATED ALWAYS AS (n_samples::double precision / rate_hz) STORED,
  object_key text,
  author text NOT NULL DEFAULT session_user,
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (augmentation_id, clip_id, position)
);
COMMENT ON COLUMN augmented_clip.clip_id IS 'the parent, whose split it shares';
COMMENT ON COLUMN augmented_clip.object_key IS 'null until somebody asks for the file to be written';
CREATE INDEX augmented_clip_by_parent ON augmented_clip (clip_id);

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['source', 'job', 'augmentation', 'augmented_clip']
  LOOP
    EXECUTE format('CREATE TRIGGER stamp_author BEFORE INSERT ON %I FOR EACH ROW EXECUTE FUNCTION stamp_author()', name);
  END LOOP;
END $$;
