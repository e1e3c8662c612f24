-- Name: vector; Type: EXTENSION; Schema: -; Owner: -

CREATE EXTENSION IF NOT EXISTS vector WITH SCHEMA public;

-- Name: EXTENSION vector; Type: COMMENT; Schema: -; Owner: -

COMMENT ON EXTENSION vector IS 'vector data type and ivfflat and hnsw access methods';

-- Name: check_supersedes(); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.check_supersedes() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
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

-- Name: refuse_change(); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
  RAISE EXCEPTION '% is append-only: % refused; add a row that supersedes', TG_TABLE_NAME, TG_OP
    USING ERRCODE = 'insufficient_privilege';
END $$;

-- Name: stamp_author(); Type: FUNCTION; Schema: public; Owner: -

CREATE FUNCTION public.stamp_author() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
  NEW.author := session_user;
  NEW.created_at := clock_timestamp();
  RETURN NEW;
END $$;

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
    CONSTRAINT annotation_answer_check CHECK ((answer = ANY (ARRAY['label'::text, 'unsure'::text, 'none_of_these'::text, 'withdrawn'::text]))),
    CONSTRAINT annotation_check CHECK (((answer = 'label'::text) = (label_id IS NOT NULL))),
    CONSTRAINT annotation_check1 CHECK (((answer <> 'withdrawn'::text) OR (supersedes IS NOT NULL))),
    CONSTRAINT annotation_confidence_check CHECK (((confidence >= (0)::double precision) AND (confidence <= (1)::double precision))),
    CONSTRAINT annotation_heard_s_check CHECK ((heard_s >= (0)::double precision)),
    CONSTRAINT annotation_n_plays_check CHECK ((n_plays >= 0)),
    CONSTRAINT annotation_response_ms_check CHECK ((response_ms >= 0)),
    CONSTRAINT annotation_source_check CHECK ((source = ANY (ARRAY['human'::text, 'folder'::text, 'file_name'::text, 'csv'::text, 'function'::text, 'model'::text]))),
    CONSTRAINT annotation_speed_check CHECK ((speed > (0)::double precision))
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
    CONSTRAINT consensus_answer_check CHECK ((answer = ANY (ARRAY['label'::text, 'unsure'::text, 'none_of_these'::text]))),
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
    created_at
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
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

-- Name: COLUMN duplicate.lag_s; Type: COMMENT; Schema: public; Owner: -

COMMENT ON COLUMN public.duplicate.lag_s IS 'the clip begins so much later than the clip that distance and reason refer to';

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

-- Name: flag; Type: TABLE; Schema: public; Owner: -

CREATE TABLE public.flag (
    flag_id uuid NOT NULL,
    project_id integer NOT NULL,
    clip_id bigint NOT NULL,
    is_raised boolean NOT NULL,
    author text DEFAULT SESSION_USER NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
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
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);

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
    CONSTRAINT review_check CHECK (((claimed_by IS NULL) = (claimed_until IS NULL))),
    CONSTRAINT review_state_check CHECK ((state = ANY (ARRAY['open'::text, 'answered'::text])))
);

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

-- Name: annotation annotation_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.annotation
    ADD CONSTRAINT annotation_pkey PRIMARY KEY (annotation_id);

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

-- Name: clip clip_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.clip
    ADD CONSTRAINT clip_pkey PRIMARY KEY (clip_id);

-- Name: consensus consensus_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.consensus
    ADD CONSTRAINT consensus_pkey PRIMARY KEY (clip_id);

-- Name: cut cut_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.cut
    ADD CONSTRAINT cut_pkey PRIMARY KEY (cut_id);

-- Name: cut cut_recording_id_spec_sha256_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.cut
    ADD CONSTRAINT cut_recording_id_spec_sha256_key UNIQUE (recording_id, spec_sha256);

-- Name: dataset_item dataset_item_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.dataset_item
    ADD CONSTRAINT dataset_item_pkey PRIMARY KEY (dataset_version_id, clip_id);

-- Name: dataset dataset_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.dataset
    ADD CONSTRAINT dataset_pkey PRIMARY KEY (dataset_id);

-- Name: dataset dataset_project_id_name_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.dataset
    ADD CONSTRAINT dataset_project_id_name_key UNIQUE (project_id, name);

-- Name: dataset_version dataset_version_dataset_id_version_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.dataset_version
    ADD CONSTRAINT dataset_version_dataset_id_version_key UNIQUE (dataset_id, version);

-- Name: dataset_version dataset_version_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.dataset_version
    ADD CONSTRAINT dataset_version_pkey PRIMARY KEY (dataset_version_id);

-- Name: duplicate_decision duplicate_decision_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.duplicate_decision
    ADD CONSTRAINT duplicate_decision_pkey PRIMARY KEY (duplicate_decision_id);

-- Name: duplicate_group duplicate_group_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.duplicate_group
    ADD CONSTRAINT duplicate_group_pkey PRIMARY KEY (duplicate_group_id);

-- Name: duplicate duplicate_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.duplicate
    ADD CONSTRAINT duplicate_pkey PRIMARY KEY (clip_id);

-- Name: embedding embedding_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.embedding
    ADD CONSTRAINT embedding_pkey PRIMARY KEY (encoder_id, clip_id);

-- Name: encoder encoder_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.encoder
    ADD CONSTRAINT encoder_pkey PRIMARY KEY (encoder_id);

-- Name: encoder encoder_project_id_spec_sha256_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.encoder
    ADD CONSTRAINT encoder_project_id_spec_sha256_key UNIQUE (project_id, spec_sha256);

-- Name: failure failure_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.failure
    ADD CONSTRAINT failure_pkey PRIMARY KEY (failure_id);

-- Name: flag flag_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.flag
    ADD CONSTRAINT flag_pkey PRIMARY KEY (flag_id);

-- Name: job job_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.job
    ADD CONSTRAINT job_pkey PRIMARY KEY (job_id);

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

-- Name: operation_outcome operation_outcome_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.operation_outcome
    ADD CONSTRAINT operation_outcome_pkey PRIMARY KEY (operation_id);

-- Name: operation operation_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.operation
    ADD CONSTRAINT operation_pkey PRIMARY KEY (operation_id);

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

-- Name: recording_label recording_label_recording_id_source_label_id_start_sample_s_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.recording_label
    ADD CONSTRAINT recording_label_recording_id_source_label_id_start_sample_s_key UNIQUE NULLS NOT DISTINCT (recording_id, source, label_id, start_sample, stop_sample);

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

-- Name: selection selection_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.selection
    ADD CONSTRAINT selection_pkey PRIMARY KEY (selection_id);

-- Name: selection selection_project_id_name_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.selection
    ADD CONSTRAINT selection_project_id_name_key UNIQUE (project_id, name);

-- Name: source source_pkey; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.source
    ADD CONSTRAINT source_pkey PRIMARY KEY (source_id);

-- Name: source source_project_id_uri_key; Type: CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.source
    ADD CONSTRAINT source_project_id_uri_key UNIQUE (project_id, uri);

-- Name: annotation_by_author; Type: INDEX; Schema: public; Owner: -

CREATE INDEX annotation_by_author ON public.annotation USING btree (project_id, author, created_at DESC);

-- Name: annotation_by_clip; Type: INDEX; Schema: public; Owner: -

CREATE INDEX annotation_by_clip ON public.annotation USING btree (project_id, clip_id);

-- Name: annotation_superseded; Type: INDEX; Schema: public; Owner: -

CREATE INDEX annotation_superseded ON public.annotation USING btree (supersedes) WHERE (supersedes IS NOT NULL);

-- Name: augmented_clip_by_parent; Type: INDEX; Schema: public; Owner: -

CREATE INDEX augmented_clip_by_parent ON public.augmented_clip USING btree (clip_id);

-- Name: clip_by_recording; Type: INDEX; Schema: public; Owner: -

CREATE INDEX clip_by_recording ON public.clip USING btree (recording_id);

-- Name: clip_page; Type: INDEX; Schema: public; Owner: -

CREATE INDEX clip_page ON public.clip USING btree (project_id, clip_id) WHERE is_active;

-- Name: consensus_by_label; Type: INDEX; Schema: public; Owner: -

CREATE INDEX consensus_by_label ON public.consensus USING btree (project_id, label_id);

-- Name: cut_active; Type: INDEX; Schema: public; Owner: -

CREATE UNIQUE INDEX cut_active ON public.cut USING btree (recording_id) WHERE is_active;

-- Name: duplicate_by_group; Type: INDEX; Schema: public; Owner: -

CREATE INDEX duplicate_by_group ON public.duplicate USING btree (duplicate_group_id);

-- Name: duplicate_decision_by_clip; Type: INDEX; Schema: public; Owner: -

CREATE INDEX duplicate_decision_by_clip ON public.duplicate_decision USING btree (clip_id, duplicate_decision_id DESC);

-- Name: duplicate_group_by_project; Type: INDEX; Schema: public; Owner: -

CREATE INDEX duplicate_group_by_project ON public.duplicate_group USING btree (project_id, duplicate_group_id);

-- Name: encoder_current; Type: INDEX; Schema: public; Owner: -

CREATE UNIQUE INDEX encoder_current ON public.encoder USING btree (project_id) WHERE is_current;

-- Name: failure_open; Type: INDEX; Schema: public; Owner: -

CREATE UNIQUE INDEX failure_open ON public.failure USING btree (project_id, stage, item) WHERE (resolved_at IS NULL);

-- Name: flag_by_clip; Type: INDEX; Schema: public; Owner: -

CREATE INDEX flag_by_clip ON public.flag USING btree (project_id, clip_id, created_at DESC);

-- Name: job_by_project; Type: INDEX; Schema: public; Owner: -

CREATE INDEX job_by_project ON public.job USING btree (project_id, job_id DESC);

-- Name: job_open; Type: INDEX; Schema: public; Owner: -

CREATE INDEX job_open ON public.job USING btree (project_id) WHERE (state = ANY (ARRAY['waiting'::text, 'running'::text]));

-- Name: operation_by_project; Type: INDEX; Schema: public; Owner: -

CREATE INDEX operation_by_project ON public.operation USING btree (project_id, operation_id DESC);

-- Name: problem_by_kind; Type: INDEX; Schema: public; Owner: -

CREATE INDEX problem_by_kind ON public.problem USING btree (project_id, kind);

-- Name: recording_by_sound; Type: INDEX; Schema: public; Owner: -

CREATE INDEX recording_by_sound ON public.recording USING btree (project_id, pcm_sha256);

-- Name: recording_by_source; Type: INDEX; Schema: public; Owner: -

CREATE INDEX recording_by_source ON public.recording USING btree (source_id) WHERE (superseded_at IS NULL);

-- Name: recording_now; Type: INDEX; Schema: public; Owner: -

CREATE UNIQUE INDEX recording_now ON public.recording USING btree (project_id, uri) WHERE (superseded_at IS NULL);

-- Name: recording_page; Type: INDEX; Schema: public; Owner: -

CREATE INDEX recording_page ON public.recording USING btree (project_id, recording_id) WHERE (superseded_at IS NULL);

-- Name: review_next; Type: INDEX; Schema: public; Owner: -

CREATE INDEX review_next ON public.review USING btree (project_id, "position", review_id) WHERE (state = 'open'::text);

-- Name: review_one_a_clip; Type: INDEX; Schema: public; Owner: -

CREATE UNIQUE INDEX review_one_a_clip ON public.review USING btree (project_id, clip_id);

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

-- Name: operation append_only; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.operation FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();

-- Name: operation_outcome append_only; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.operation_outcome FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();

-- Name: recording_label append_only; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.recording_label FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();

-- Name: annotation check_supersedes; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER check_supersedes BEFORE INSERT ON public.annotation FOR EACH ROW EXECUTE FUNCTION public.check_supersedes();

-- Name: annotation stamp_author; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER stamp_author BEFORE INSERT ON public.annotation FOR EACH ROW EXECUTE FUNCTION public.stamp_author();

-- Name: augmentation stamp_author; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER stamp_author BEFORE INSERT ON public.augmentation FOR EACH ROW EXECUTE FUNCTION public.stamp_author();

-- Name: augmented_clip stamp_author; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER stamp_author BEFORE INSERT ON public.augmented_clip FOR EACH ROW EXECUTE FUNCTION public.stamp_author();

-- Name: clip stamp_author; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER stamp_author BEFORE INSERT ON public.clip FOR EACH ROW EXECUTE FUNCTION public.stamp_author();

-- Name: consensus stamp_author; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER stamp_author BEFORE INSERT ON public.consensus FOR EACH ROW EXECUTE FUNCTION public.stamp_author();

-- Name: cut stamp_author; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER stamp_author BEFORE INSERT ON public.cut FOR EACH ROW EXECUTE FUNCTION public.stamp_author();

-- Name: dataset stamp_author; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER stamp_author BEFORE INSERT ON public.dataset FOR EACH ROW EXECUTE FUNCTION public.stamp_author();

-- Name: dataset_item stamp_author; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER stamp_author BEFORE INSERT ON public.dataset_item FOR EACH ROW EXECUTE FUNCTION public.stamp_author();

-- Name: dataset_version stamp_author; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER stamp_author BEFORE INSERT ON public.dataset_version FOR EACH ROW EXECUTE FUNCTION public.stamp_author();

-- Name: duplicate stamp_author; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER stamp_author BEFORE INSERT ON public.duplicate FOR EACH ROW EXECUTE FUNCTION public.stamp_author();

-- Name: duplicate_decision stamp_author; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER stamp_author BEFORE INSERT ON public.duplicate_decision FOR EACH ROW EXECUTE FUNCTION public.stamp_author();

-- Name: duplicate_group stamp_author; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER stamp_author BEFORE INSERT ON public.duplicate_group FOR EACH ROW EXECUTE FUNCTION public.stamp_author();

-- Name: embedding stamp_author; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER stamp_author BEFORE INSERT ON public.embedding FOR EACH ROW EXECUTE FUNCTION public.stamp_author();

-- Name: encoder stamp_author; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER stamp_author BEFORE INSERT ON public.encoder FOR EACH ROW EXECUTE FUNCTION public.stamp_author();

-- Name: failure stamp_author; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER stamp_author BEFORE INSERT ON public.failure FOR EACH ROW EXECUTE FUNCTION public.stamp_author();

-- Name: flag stamp_author; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER stamp_author BEFORE INSERT ON public.flag FOR EACH ROW EXECUTE FUNCTION public.stamp_author();

-- Name: job stamp_author; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER stamp_author BEFORE INSERT ON public.job FOR EACH ROW EXECUTE FUNCTION public.stamp_author();

-- Name: label stamp_author; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER stamp_author BEFORE INSERT ON public.label FOR EACH ROW EXECUTE FUNCTION public.stamp_author();

-- Name: map_point stamp_author; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER stamp_author BEFORE INSERT ON public.map_point FOR EACH ROW EXECUTE FUNCTION public.stamp_author();

-- Name: member stamp_author; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER stamp_author BEFORE INSERT ON public.member FOR EACH ROW EXECUTE FUNCTION public.stamp_author();

-- Name: operation stamp_author; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER stamp_author BEFORE INSERT ON public.operation FOR EACH ROW EXECUTE FUNCTION public.stamp_author();

-- Name: operation_outcome stamp_author; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER stamp_author BEFORE INSERT ON public.operation_outcome FOR EACH ROW EXECUTE FUNCTION public.stamp_author();

-- Name: problem stamp_author; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER stamp_author BEFORE INSERT ON public.problem FOR EACH ROW EXECUTE FUNCTION public.stamp_author();

-- Name: project stamp_author; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER stamp_author BEFORE INSERT ON public.project FOR EACH ROW EXECUTE FUNCTION public.stamp_author();

-- Name: recording stamp_author; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER stamp_author BEFORE INSERT ON public.recording FOR EACH ROW EXECUTE FUNCTION public.stamp_author();

-- Name: recording_label stamp_author; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER stamp_author BEFORE INSERT ON public.recording_label FOR EACH ROW EXECUTE FUNCTION public.stamp_author();

-- Name: review stamp_author; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER stamp_author BEFORE INSERT ON public.review FOR EACH ROW EXECUTE FUNCTION public.stamp_author();

-- Name: selection stamp_author; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER stamp_author BEFORE INSERT ON public.selection FOR EACH ROW EXECUTE FUNCTION public.stamp_author();

-- Name: selection_item stamp_author; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER stamp_author BEFORE INSERT ON public.selection_item FOR EACH ROW EXECUTE FUNCTION public.stamp_author();

-- Name: source stamp_author; Type: TRIGGER; Schema: public; Owner: -

CREATE TRIGGER stamp_author BEFORE INSERT ON public.source FOR EACH ROW EXECUTE FUNCTION public.stamp_author();

-- Name: annotation annotation_clip_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.annotation
    ADD CONSTRAINT annotation_clip_id_fkey FOREIGN KEY (clip_id) REFERENCES public.clip(clip_id);

-- Name: annotation annotation_label_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.annotation
    ADD CONSTRAINT annotation_label_id_fkey FOREIGN KEY (label_id) REFERENCES public.label(label_id);

-- Name: annotation annotation_project_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.annotation
    ADD CONSTRAINT annotation_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.project(project_id);

-- Name: annotation annotation_supersedes_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.annotation
    ADD CONSTRAINT annotation_supersedes_fkey FOREIGN KEY (supersedes) REFERENCES public.annotation(annotation_id);

-- Name: augmentation augmentation_operation_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.augmentation
    ADD CONSTRAINT augmentation_operation_id_fkey FOREIGN KEY (operation_id) REFERENCES public.operation(operation_id);

-- Name: augmentation augmentation_project_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.augmentation
    ADD CONSTRAINT augmentation_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.project(project_id);

-- Name: augmented_clip augmented_clip_augmentation_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.augmented_clip
    ADD CONSTRAINT augmented_clip_augmentation_id_fkey FOREIGN KEY (augmentation_id) REFERENCES public.augmentation(augmentation_id);

-- Name: augmented_clip augmented_clip_clip_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.augmented_clip
    ADD CONSTRAINT augmented_clip_clip_id_fkey FOREIGN KEY (clip_id) REFERENCES public.clip(clip_id);

-- Name: augmented_clip augmented_clip_project_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.augmented_clip
    ADD CONSTRAINT augmented_clip_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.project(project_id);

-- Name: clip clip_cut_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.clip
    ADD CONSTRAINT clip_cut_id_fkey FOREIGN KEY (cut_id) REFERENCES public.cut(cut_id);

-- Name: clip clip_project_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.clip
    ADD CONSTRAINT clip_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.project(project_id);

-- Name: clip clip_recording_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.clip
    ADD CONSTRAINT clip_recording_id_fkey FOREIGN KEY (recording_id) REFERENCES public.recording(recording_id);

-- Name: consensus consensus_clip_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.consensus
    ADD CONSTRAINT consensus_clip_id_fkey FOREIGN KEY (clip_id) REFERENCES public.clip(clip_id);

-- Name: consensus consensus_label_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.consensus
    ADD CONSTRAINT consensus_label_id_fkey FOREIGN KEY (label_id) REFERENCES public.label(label_id);

-- Name: consensus consensus_project_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.consensus
    ADD CONSTRAINT consensus_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.project(project_id);

-- Name: cut cut_operation_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.cut
    ADD CONSTRAINT cut_operation_id_fkey FOREIGN KEY (operation_id) REFERENCES public.operation(operation_id);

-- Name: cut cut_project_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.cut
    ADD CONSTRAINT cut_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.project(project_id);

-- Name: cut cut_recording_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.cut
    ADD CONSTRAINT cut_recording_id_fkey FOREIGN KEY (recording_id) REFERENCES public.recording(recording_id);

-- Name: dataset_item dataset_item_clip_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.dataset_item
    ADD CONSTRAINT dataset_item_clip_id_fkey FOREIGN KEY (clip_id) REFERENCES public.clip(clip_id);

-- Name: dataset_item dataset_item_dataset_version_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.dataset_item
    ADD CONSTRAINT dataset_item_dataset_version_id_fkey FOREIGN KEY (dataset_version_id) REFERENCES public.dataset_version(dataset_version_id);

-- Name: dataset_item dataset_item_project_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.dataset_item
    ADD CONSTRAINT dataset_item_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.project(project_id);

-- Name: dataset dataset_project_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.dataset
    ADD CONSTRAINT dataset_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.project(project_id);

-- Name: dataset_version dataset_version_dataset_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.dataset_version
    ADD CONSTRAINT dataset_version_dataset_id_fkey FOREIGN KEY (dataset_id) REFERENCES public.dataset(dataset_id);

-- Name: dataset_version dataset_version_operation_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.dataset_version
    ADD CONSTRAINT dataset_version_operation_id_fkey FOREIGN KEY (operation_id) REFERENCES public.operation(operation_id);

-- Name: dataset_version dataset_version_project_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.dataset_version
    ADD CONSTRAINT dataset_version_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.project(project_id);

-- Name: duplicate duplicate_clip_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.duplicate
    ADD CONSTRAINT duplicate_clip_id_fkey FOREIGN KEY (clip_id) REFERENCES public.clip(clip_id);

-- Name: duplicate_decision duplicate_decision_clip_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.duplicate_decision
    ADD CONSTRAINT duplicate_decision_clip_id_fkey FOREIGN KEY (clip_id) REFERENCES public.clip(clip_id);

-- Name: duplicate_decision duplicate_decision_project_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.duplicate_decision
    ADD CONSTRAINT duplicate_decision_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.project(project_id);

-- Name: duplicate duplicate_duplicate_group_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.duplicate
    ADD CONSTRAINT duplicate_duplicate_group_id_fkey FOREIGN KEY (duplicate_group_id) REFERENCES public.duplicate_group(duplicate_group_id) ON DELETE CASCADE;

-- Name: duplicate_group duplicate_group_operation_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.duplicate_group
    ADD CONSTRAINT duplicate_group_operation_id_fkey FOREIGN KEY (operation_id) REFERENCES public.operation(operation_id);

-- Name: duplicate_group duplicate_group_project_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.duplicate_group
    ADD CONSTRAINT duplicate_group_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.project(project_id);

-- Name: duplicate_group duplicate_group_representative_clip_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.duplicate_group
    ADD CONSTRAINT duplicate_group_representative_clip_id_fkey FOREIGN KEY (representative_clip_id) REFERENCES public.clip(clip_id);

-- Name: duplicate duplicate_project_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.duplicate
    ADD CONSTRAINT duplicate_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.project(project_id);

-- Name: embedding embedding_clip_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.embedding
    ADD CONSTRAINT embedding_clip_id_fkey FOREIGN KEY (clip_id) REFERENCES public.clip(clip_id);

-- Name: embedding embedding_encoder_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.embedding
    ADD CONSTRAINT embedding_encoder_id_fkey FOREIGN KEY (encoder_id) REFERENCES public.encoder(encoder_id);

-- Name: embedding embedding_project_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.embedding
    ADD CONSTRAINT embedding_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.project(project_id);

-- Name: encoder encoder_project_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.encoder
    ADD CONSTRAINT encoder_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.project(project_id);

-- Name: failure failure_operation_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.failure
    ADD CONSTRAINT failure_operation_id_fkey FOREIGN KEY (operation_id) REFERENCES public.operation(operation_id);

-- Name: failure failure_project_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.failure
    ADD CONSTRAINT failure_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.project(project_id);

-- Name: flag flag_clip_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.flag
    ADD CONSTRAINT flag_clip_id_fkey FOREIGN KEY (clip_id) REFERENCES public.clip(clip_id);

-- Name: flag flag_project_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.flag
    ADD CONSTRAINT flag_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.project(project_id);

-- Name: job job_project_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.job
    ADD CONSTRAINT job_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.project(project_id);

-- Name: job job_source_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.job
    ADD CONSTRAINT job_source_id_fkey FOREIGN KEY (source_id) REFERENCES public.source(source_id);

-- Name: label label_project_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.label
    ADD CONSTRAINT label_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.project(project_id);

-- Name: map_point map_point_clip_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.map_point
    ADD CONSTRAINT map_point_clip_id_fkey FOREIGN KEY (clip_id) REFERENCES public.clip(clip_id);

-- Name: map_point map_point_encoder_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.map_point
    ADD CONSTRAINT map_point_encoder_id_fkey FOREIGN KEY (encoder_id) REFERENCES public.encoder(encoder_id);

-- Name: map_point map_point_project_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.map_point
    ADD CONSTRAINT map_point_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.project(project_id);

-- Name: member member_project_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.member
    ADD CONSTRAINT member_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.project(project_id);

-- Name: operation operation_job_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.operation
    ADD CONSTRAINT operation_job_id_fkey FOREIGN KEY (job_id) REFERENCES public.job(job_id);

-- Name: operation_outcome operation_outcome_operation_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.operation_outcome
    ADD CONSTRAINT operation_outcome_operation_id_fkey FOREIGN KEY (operation_id) REFERENCES public.operation(operation_id);

-- Name: operation_outcome operation_outcome_project_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.operation_outcome
    ADD CONSTRAINT operation_outcome_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.project(project_id);

-- Name: operation operation_project_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.operation
    ADD CONSTRAINT operation_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.project(project_id);

-- Name: problem problem_clip_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.problem
    ADD CONSTRAINT problem_clip_id_fkey FOREIGN KEY (clip_id) REFERENCES public.clip(clip_id);

-- Name: problem problem_project_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.problem
    ADD CONSTRAINT problem_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.project(project_id);

-- Name: problem problem_recording_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.problem
    ADD CONSTRAINT problem_recording_id_fkey FOREIGN KEY (recording_id) REFERENCES public.recording(recording_id);

-- Name: progress progress_operation_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.progress
    ADD CONSTRAINT progress_operation_id_fkey FOREIGN KEY (operation_id) REFERENCES public.operation(operation_id);

-- Name: progress progress_project_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.progress
    ADD CONSTRAINT progress_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.project(project_id);

-- Name: recording_label recording_label_label_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.recording_label
    ADD CONSTRAINT recording_label_label_id_fkey FOREIGN KEY (label_id) REFERENCES public.label(label_id);

-- Name: recording_label recording_label_project_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.recording_label
    ADD CONSTRAINT recording_label_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.project(project_id);

-- Name: recording_label recording_label_recording_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.recording_label
    ADD CONSTRAINT recording_label_recording_id_fkey FOREIGN KEY (recording_id) REFERENCES public.recording(recording_id);

-- Name: recording recording_operation_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.recording
    ADD CONSTRAINT recording_operation_id_fkey FOREIGN KEY (operation_id) REFERENCES public.operation(operation_id);

-- Name: recording recording_project_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.recording
    ADD CONSTRAINT recording_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.project(project_id);

-- Name: recording recording_source_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.recording
    ADD CONSTRAINT recording_source_id_fkey FOREIGN KEY (source_id) REFERENCES public.source(source_id);

-- Name: review review_clip_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.review
    ADD CONSTRAINT review_clip_id_fkey FOREIGN KEY (clip_id) REFERENCES public.clip(clip_id);

-- Name: review review_operation_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.review
    ADD CONSTRAINT review_operation_id_fkey FOREIGN KEY (operation_id) REFERENCES public.operation(operation_id);

-- Name: review review_project_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.review
    ADD CONSTRAINT review_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.project(project_id);

-- Name: review review_proposed_label_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.review
    ADD CONSTRAINT review_proposed_label_id_fkey FOREIGN KEY (proposed_label_id) REFERENCES public.label(label_id);

-- Name: selection_item selection_item_clip_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.selection_item
    ADD CONSTRAINT selection_item_clip_id_fkey FOREIGN KEY (clip_id) REFERENCES public.clip(clip_id);

-- Name: selection_item selection_item_project_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.selection_item
    ADD CONSTRAINT selection_item_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.project(project_id);

-- Name: selection_item selection_item_selection_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.selection_item
    ADD CONSTRAINT selection_item_selection_id_fkey FOREIGN KEY (selection_id) REFERENCES public.selection(selection_id) ON DELETE CASCADE;

-- Name: selection selection_operation_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.selection
    ADD CONSTRAINT selection_operation_id_fkey FOREIGN KEY (operation_id) REFERENCES public.operation(operation_id);

-- Name: selection selection_project_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.selection
    ADD CONSTRAINT selection_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.project(project_id);

-- Name: source source_project_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -

ALTER TABLE ONLY public.source
    ADD CONSTRAINT source_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.project(project_id);

-- Name: TABLE schema_migration; Type: ACL; Schema: public; Owner: -

GRANT SELECT ON TABLE public.schema_migration TO PUBLIC;
