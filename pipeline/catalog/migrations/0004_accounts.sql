-- Accounts: people are login roles, what they may do at all is their group role, where they may do it is their
-- membership, and every table asks for it. Whoever owns the database stands above all this.

-- Roles are of the whole server: another Earmark database on it may have made them, perhaps at this very moment.
DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['earmark_annotator', 'earmark_reviewer', 'earmark_researcher', 'earmark_admin']
  LOOP
    BEGIN
      EXECUTE format('CREATE ROLE %I NOLOGIN', name);
    EXCEPTION WHEN duplicate_object OR unique_violation THEN
      NULL;
    END;
  END LOOP;
  GRANT earmark_annotator TO earmark_reviewer;
  GRANT earmark_reviewer TO earmark_researcher;
  GRANT earmark_researcher TO earmark_admin;
END $$;

-- ---------------------------------------------------------------------------------------------- tables

CREATE TABLE person (
  person text PRIMARY KEY,
  is_admin boolean NOT NULL DEFAULT false,
  removed_at timestamptz,
  author text NOT NULL DEFAULT session_user,
  created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON COLUMN person.is_admin IS 'lab admin: makes people and projects, and is admin of every project';
COMMENT ON COLUMN person.removed_at IS 'cannot log in any more; the name stays theirs, so that an author is always one person';

-- What was done with accounts and projects, for ever, also about projects that are no more.
CREATE TABLE admin_act (
  admin_act_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  act text NOT NULL CHECK (act IN ('add_person', 'remove_person', 'set_password', 'add_project', 'grant_duty',
                                   'revoke_duty', 'erase_project')),
  person text,
  project text,
  detail jsonb NOT NULL DEFAULT '{}',
  author text NOT NULL DEFAULT session_user,
  created_at timestamptz NOT NULL DEFAULT now()
);

-- Which clips a person was asked about: those an annotator may hear, and answer late.
CREATE TABLE assignment (
  clip_id bigint NOT NULL REFERENCES clip,
  person text NOT NULL,
  project_id int NOT NULL REFERENCES project,
  author text NOT NULL DEFAULT session_user,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (clip_id, person)
);
INSERT INTO assignment (clip_id, person, project_id)
SELECT DISTINCT clip_id, author, project_id FROM annotation WHERE source = 'human'
UNION SELECT clip_id, claimed_by, project_id FROM review WHERE claimed_by IS NOT NULL;

ALTER TABLE progress ADD COLUMN cursor bigint;
COMMENT ON COLUMN progress.cursor IS 'the key of the last item of the last commit: where a run that died goes on';

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['person', 'admin_act', 'assignment']
  LOOP
    EXECUTE format('CREATE TRIGGER stamp_author BEFORE INSERT ON %I FOR EACH ROW EXECUTE FUNCTION stamp_author()', name);
  END LOOP;
  CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON admin_act
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
END $$;

-- ---------------------------------------------------------------------------------------------- one project

-- What belongs together belongs to one project: every reference carries it along.
DO $$
DECLARE
  link record;
BEGIN
  FOR link IN
    SELECT DISTINCT f.confrelid::regclass AS parent, a.attname AS key, (SELECT relname FROM pg_class WHERE oid = f.confrelid) AS name
    FROM pg_constraint f JOIN pg_attribute a ON a.attrelid = f.confrelid AND a.attnum = f.confkey[1]
    WHERE f.contype = 'f' AND f.connamespace = 'public'::regnamespace AND f.conrelid <> f.confrelid
      AND f.confrelid <> 'project'::regclass AND cardinality(f.conkey) = 1
  LOOP
    EXECUTE format('ALTER TABLE %s ADD CONSTRAINT %I UNIQUE (project_id, %I)', link.parent, link.name || '_of_project', link.key);
  END LOOP;
  FOR link IN
    SELECT f.conname, f.conrelid::regclass AS child, f.confrelid::regclass AS parent, c.attname AS child_key,
      p.attname AS parent_key, f.confdeltype = 'c' AS is_cascade
    FROM pg_constraint f
    JOIN pg_attribute c ON c.attrelid = f.conrelid AND c.attnum = f.conkey[1]
    JOIN pg_attribute p ON p.attrelid = f.confrelid AND p.attnum = f.confkey[1]
    WHERE f.contype = 'f' AND f.connamespace = 'public'::regnamespace AND f.conrelid <> f.confrelid
      AND f.confrelid <> 'project'::regclass AND cardinality(f.conkey) = 1
  LOOP
    EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', link.child, link.conname);
    EXECUTE format('ALTER TABLE %s ADD CONSTRAINT %I FOREIGN KEY (project_id, %I) REFERENCES %s (project_id, %I) %s',
      link.child, link.conname, link.child_key, link.parent, link.parent_key,
      CASE WHEN link.is_cascade THEN 'ON DELETE CASCADE' ELSE '' END);
  END LOOP;
END $$;
DROP INDEX clip_page;
DROP INDEX recording_page;

-- ---------------------------------------------------------------------------------------------- who may what

-- These run as the owner, and ask who is logged in: no SET ROLE changes that.

CREATE FUNCTION is_lab_admin() RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT pg_has_role(session_user, d.datdba, 'MEMBER')
    OR EXISTS (SELECT FROM person p WHERE p.person = session_user AND p.is_admin AND p.removed_at IS NULL)
  FROM pg_database d WHERE d.datname = current_database()
$$;

CREATE FUNCTION duty_rank(duty text) RETURNS int
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT array_position(ARRAY['annotator', 'reviewer', 'researcher', 'admin'], duty)
$$;

CREATE FUNCTION my_projects(at_least text) RETURNS int[]
LANGUAGE sql STABLE SECURITY DEFINER PARALLEL SAFE SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT CASE WHEN is_lab_admin()
    THEN (SELECT coalesce(array_agg(p.project_id), '{}') FROM project p)
    ELSE (SELECT coalesce(array_agg(m.project_id), '{}') FROM member m
          WHERE m.person = session_user AND duty_rank(m.duty) >= duty_rank(at_least))
  END
$$;
COMMENT ON FUNCTION my_projects IS 'the projects in which who is logged in has at least this duty; policies ask once a statement';

CREATE FUNCTION my_duty(project_id int) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT CASE WHEN is_lab_admin() THEN 'admin'
    ELSE (SELECT m.duty FROM member m WHERE m.project_id = $1 AND m.person = session_user) END
$$;

CREATE FUNCTION demand_duty(project_id int, at_least text) RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF $1 IS NULL OR $1 <> ALL (my_projects(at_least)) THEN
    RAISE EXCEPTION '% has not the duty % in this project', session_user, at_least USING ERRCODE = 'insufficient_privilege';
  END IF;
END $$;

CREATE FUNCTION demand_lab_admin() RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF is_lab_admin() IS NOT TRUE THEN
    RAISE EXCEPTION '% is not a lab admin', session_user USING ERRCODE = 'insufficient_privilege';
  END IF;
END $$;

-- ---------------------------------------------------------------------------------------------- people and projects

CREATE FUNCTION log_admin_act(act text, person text, project text, detail jsonb) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  INSERT INTO admin_act (act, person, project, detail) VALUES (act, person, project, detail)
$$;

-- The highest group role that a person's duties call for, and no other.
CREATE FUNCTION fit_group(who text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  wanted text := (
    SELECT CASE WHEN p.removed_at IS NOT NULL THEN NULL WHEN p.is_admin THEN 'earmark_admin'
      ELSE 'earmark_' || (ARRAY['annotator', 'reviewer', 'researcher', 'researcher'])[
        (SELECT coalesce(max(duty_rank(m.duty)), 1) FROM member m WHERE m.person = who)] END
    FROM person p WHERE p.person = who);
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['earmark_annotator', 'earmark_reviewer', 'earmark_researcher', 'earmark_admin']
  LOOP
    IF name = wanted THEN
      EXECUTE format('GRANT %I TO %I', name, who);
    ELSIF EXISTS (SELECT FROM pg_auth_members x JOIN pg_roles g ON g.oid = x.roleid JOIN pg_roles m ON m.oid = x.member
                  WHERE g.rolname = name AND m.rolname = who) THEN
      EXECUTE format('REVOKE %I FROM %I', name, who);
    END IF;
  END LOOP;
END $$;

-- PUBLIC may neither connect nor make temporary tables. A copy of a database does not inherit this, hence a function.
CREATE FUNCTION close_doors() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  here text := current_database();
  other text;
BEGIN
  EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', here);
  EXECUTE format('GRANT CONNECT ON DATABASE %I TO earmark_annotator', here);
  FOR other IN SELECT datname FROM pg_database
               WHERE datname IN ('postgres', 'template1') AND has_database_privilege('public', datname, 'CONNECT')
  LOOP
    BEGIN
      EXECUTE format('REVOKE CONNECT, TEMPORARY ON DATABASE %I FROM PUBLIC', other);
    EXCEPTION WHEN insufficient_privilege THEN
      RAISE NOTICE 'anybody may still connect to database %: only its owner can change that', other;
    END;
  END LOOP;
END $$;

CREATE FUNCTION demand_verifier(verifier text) RETURNS void
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF verifier IS NULL OR verifier !~ '^SCRAM-SHA-256\$[0-9]+:[A-Za-z0-9+/=]+\$[A-Za-z0-9+/=]+:[A-Za-z0-9+/=]+$' THEN
    RAISE EXCEPTION 'a password comes as its SCRAM verifier' USING ERRCODE = 'invalid_parameter_value';
  END IF;
END $$;

CREATE FUNCTION add_person(name text, verifier text, is_admin boolean DEFAULT false) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  PERFORM demand_lab_admin();
  PERFORM demand_verifier(verifier);
  IF name IS NULL OR name !~ '^[a-z0-9][a-z0-9_.@-]{0,62}$' OR name ~ '^(pg_|earmark_)' OR name IN ('public', 'none') THEN
    RAISE EXCEPTION 'a person cannot have this name' USING ERRCODE = 'invalid_name';
  END IF;
  IF EXISTS (SELECT FROM pg_roles r WHERE r.rolname = name) OR EXISTS (SELECT FROM person p WHERE p.person = name) THEN
    RAISE EXCEPTION 'the name % is taken', name USING ERRCODE = 'duplicate_object';
  END IF;
  PERFORM close_doors();
  EXECUTE format('CREATE ROLE %I LOGIN INHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD %L',
    name, verifier);
  INSERT INTO person (person, is_admin) VALUES (name, coalesce(add_person.is_admin, false));
  PERFORM fit_group(name);
  PERFORM log_admin_act('add_person', name, NULL, jsonb_build_object('is_admin', coalesce(add_person.is_admin, false)));
END $$;

CREATE FUNCTION demand_person(name text) RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM person p WHERE p.person = name AND p.removed_at IS NULL) THEN
    RAISE EXCEPTION 'no person of the name %', name USING ERRCODE = 'undefined_object';
  END IF;
END $$;

CREATE FUNCTION remove_person(name text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  PERFORM demand_lab_admin();
  PERFORM demand_person(name);
  IF name = session_user THEN
    RAISE EXCEPTION 'nobody removes themselves' USING ERRCODE = 'insufficient_privilege';
  END IF;
  EXECUTE format('ALTER ROLE %I NOLOGIN PASSWORD NULL', name);
  UPDATE person SET removed_at = clock_timestamp() WHERE person = name;
  DELETE FROM member WHERE person = name;
  PERFORM fit_group(name);
  UPDATE review SET claimed_by = NULL, claimed_until = NULL WHERE claimed_by = name;
  PERFORM log_admin_act('remove_person', name, NULL, '{}');
  BEGIN
    PERFORM pg_terminate_backend(a.pid) FROM pg_stat_activity a WHERE a.usename = name;
  EXCEPTION WHEN insufficient_privilege THEN
    -- An owner who is no superuser: what is open sees nothing any more, and no new session begins.
    RAISE NOTICE 'sessions of % stay open until they end by themselves', name;
  END;
END $$;

CREATE FUNCTION set_password(name text, verifier text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF name IS DISTINCT FROM session_user THEN
    PERFORM demand_lab_admin();
  END IF;
  PERFORM demand_person(name);
  PERFORM demand_verifier(verifier);
  EXECUTE format('ALTER ROLE %I PASSWORD %L', name, verifier);
  PERFORM log_admin_act('set_password', name, NULL, '{}');
END $$;

CREATE FUNCTION add_project(name text, recipe jsonb) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  made int;
BEGIN
  PERFORM demand_lab_admin();
  INSERT INTO project AS p (name, recipe) VALUES (add_project.name, add_project.recipe) ON CONFLICT DO NOTHING
    RETURNING p.project_id INTO made;
  IF made IS NULL THEN
    RAISE EXCEPTION 'the name % is taken', name USING ERRCODE = 'unique_violation';
  END IF;
  PERFORM log_admin_act('add_project', NULL, name, '{}');
  RETURN made;
END $$;

CREATE FUNCTION grant_duty(project_id int, person text, duty text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  former text;
BEGIN
  PERFORM demand_duty($1, 'admin');
  PERFORM demand_person($2);
  SELECT m.duty INTO former FROM member m WHERE m.project_id = $1 AND m.person = $2;
  INSERT INTO member AS m (project_id, person, duty) VALUES ($1, $2, $3)
    ON CONFLICT ON CONSTRAINT member_pkey DO UPDATE SET duty = excluded.duty;
  PERFORM fit_group($2);
  PERFORM log_admin_act('grant_duty', $2, (SELECT p.name FROM project p WHERE p.project_id = $1),
    jsonb_build_object('duty', $3, 'former', former));
END $$;

CREATE FUNCTION revoke_duty(project_id int, person text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  former text;
BEGIN
  PERFORM demand_duty($1, 'admin');
  DELETE FROM member m WHERE m.project_id = $1 AND m.person = $2 RETURNING m.duty INTO former;
  IF former IS NULL THEN
    RAISE EXCEPTION '% has no duty in this project', $2 USING ERRCODE = 'undefined_object';
  END IF;
  UPDATE review r SET claimed_by = NULL, claimed_until = NULL WHERE r.project_id = $1 AND r.claimed_by = $2;
  PERFORM fit_group($2);
  PERFORM log_admin_act('revoke_duty', $2, (SELECT p.name FROM project p WHERE p.project_id = $1),
    jsonb_build_object('former', former));
END $$;

-- The one way in which history goes: a whole project, named twice, and the log says so for ever.
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  -- Who sets this without being the owner has no right to delete in the first place.
  IF TG_OP = 'DELETE' AND TG_TABLE_NAME <> 'admin_act' AND current_setting('earmark.erasing', true) = 'on' THEN
    RETURN NULL;
  END IF;
  RAISE EXCEPTION '% is append-only: % refused; add a row that supersedes', TG_TABLE_NAME, TG_OP
    USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE FUNCTION erase_project(project_id int, name_again text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  left_over regclass[] := (
    SELECT array_agg(c.oid::regclass) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attname = 'project_id' AND NOT a.attisdropped);
  next regclass;
  n bigint;
  n_rows jsonb := '{}';
  people text[] := (SELECT array_agg(m.person) FROM member m WHERE m.project_id = $1);
  who text;
BEGIN
  PERFORM demand_lab_admin();
  IF name_again IS NULL OR NOT EXISTS (SELECT FROM project p WHERE p.project_id = $1 AND p.name = name_again) THEN
    RAISE EXCEPTION 'the project has another name' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  PERFORM set_config('earmark.erasing', 'on', true);
  WHILE cardinality(left_over) > 0 LOOP
    -- A table that none of the others refers to.
    SELECT t INTO STRICT next FROM unnest(left_over) t
    WHERE NOT EXISTS (SELECT FROM pg_constraint f WHERE f.contype = 'f' AND f.confrelid = t AND f.conrelid <> t
                      AND f.conrelid = ANY (left_over))
    LIMIT 1;
    EXECUTE format('DELETE FROM %s WHERE project_id = %s', next, $1);
    GET DIAGNOSTICS n = ROW_COUNT;
    n_rows := n_rows || CASE WHEN n > 0 THEN jsonb_build_object(next::text, n) ELSE '{}' END;
    left_over := array_remove(left_over, next);
  END LOOP;
  PERFORM set_config('earmark.erasing', 'off', true);
  FOREACH who IN ARRAY coalesce(people, '{}') LOOP
    PERFORM fit_group(who);
  END LOOP;
  PERFORM log_admin_act('erase_project', NULL, name_again, jsonb_build_object('n_rows', n_rows));
END $$;

