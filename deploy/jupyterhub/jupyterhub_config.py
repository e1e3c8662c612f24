"""JupyterHub for a lab that works with Earmark; README.md says what has to stand before. All from EARMARK_HUB_*.

EARMARK_HUB_DATABASE   postgresql://HOST:PORT/DATABASE?sslmode=verify-full, without a login
EARMARK_HUB_URL        where people come in; https needs EARMARK_HUB_CERT and EARMARK_HUB_KEY
EARMARK_HUB_ACCOUNTS   own (default), or shared to try it out
EARMARK_STORE          the store that everybody reads
JUPYTERHUB_CRYPT_KEY   openssl rand -hex 32; encrypts people's logins in the Hub's own database
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent.parent)]

from authenticator import EarmarkAuthenticator  # noqa: E402
from spawner import DutySpawner  # noqa: E402

from apps.serving.people import place_of  # noqa: E402

c: Any = get_config()  # type: ignore[name-defined]  # noqa: F821  # pyright: ignore[reportUndefinedVariable]

c.JupyterHub.bind_url = os.environ.get("EARMARK_HUB_URL", "http://127.0.0.1:8000")
c.JupyterHub.ssl_cert = os.environ.get("EARMARK_HUB_CERT", "")
c.JupyterHub.ssl_key = os.environ.get("EARMARK_HUB_KEY", "")
c.JupyterHub.cookie_max_age_days = 0.5
c.JupyterHub.cleanup_servers = True
c.JupyterHub.allow_named_servers = False

c.JupyterHub.authenticator_class = EarmarkAuthenticator
c.EarmarkAuthenticator.place = place_of(os.environ["EARMARK_HUB_DATABASE"])
# Who was removed is sent away within this time, and before any server starts.
c.Authenticator.auth_refresh_age = 60
c.Authenticator.refresh_pre_spawn = True

c.JupyterHub.spawner_class = DutySpawner
c.DutySpawner.accounts = os.environ.get("EARMARK_HUB_ACCOUNTS", "own")
c.DutySpawner.pages_account = os.environ.get("EARMARK_HUB_PAGES_ACCOUNT", "earmark-pages")
c.DutySpawner.shared_folder = os.environ.get("EARMARK_HUB_FOLDER", str(Path.cwd() / "people"))
c.DutySpawner.environment = {"EARMARK_STORE": os.environ["EARMARK_STORE"]}
# Nothing else of the Hub's environment: it holds the Hub's keys.
c.DutySpawner.env_keep = ["PATH", "LANG", "LC_ALL", "TZ", "SSL_CERT_FILE"]
c.DutySpawner.http_timeout = 90
c.DutySpawner.start_timeout = 90
