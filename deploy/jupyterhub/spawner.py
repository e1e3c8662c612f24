"""What a person gets: the pages (annotators, reviewers), or JupyterLab (researchers, admins), with their own login."""

from __future__ import annotations

import asyncio
import os
import pwd
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from access import has_lab  # pyright: ignore[reportMissingImports]
from jupyterhub.spawner import LocalProcessSpawner
from tornado.web import HTTPError
from traitlets import Enum, Unicode

from pipeline.core.errors import DatabaseUnavailable

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
SERVING = ROOT / "apps" / "serving"


class DutySpawner(LocalProcessSpawner):
    """Starts the server that fits the person's duties as they are now."""

    accounts: Any = Enum(
        ["own", "shared"],
        default_value="own",
        help="own: a researcher runs code under the machine's account of the same name. shared: under the Hub's.",
    ).tag(config=True)
    pages_account: Any = Unicode("earmark-pages", help="the machine's account under which the pages run").tag(
        config=True
    )
    shared_folder: Any = Unicode("", help="with shared accounts: where people's folders lie").tag(config=True)

    _is_lab = False

    async def start(self) -> Any:
        """Start it. Raises HTTPError if the login does not open the database any more."""
        state = await self.user.get_auth_state()
        if state is None:
            raise HTTPError(403, "Sign out and in again: the Hub no longer has your login.")
        url = state["database_url"]
        try:
            self._is_lab = await asyncio.to_thread(has_lab, url)
        except DatabaseUnavailable as error:
            raise HTTPError(503, str(error)) from error
        self.cmd = [sys.executable, str(HERE / ("lab.py" if self._is_lab else "pages.py"))]
        self.args = []
        self.default_url = "/lab" if self._is_lab else "/voila/render/home.ipynb"
        self.environment = {
            **self.environment,
            "EARMARK_DATABASE_URL": url,
            "EARMARK_PERSON": self.user.name,
            "EARMARK_WORKSPACE": str(Path(self._home()) / "earmark-workspace"),
            "JUPYTER_PATH": str(SERVING),
            "PYTHONPATH": str(ROOT),
        }
        return await super().start()

    def make_preexec_fn(self, name: str) -> Callable[[], None]:
        """What the child does before it becomes the server: take its account and its folder."""
        account = self._account()
        if account is not None:
            return super().make_preexec_fn(account)
        home = self._home()

        def enter() -> None:
            Path(home).mkdir(mode=0o700, parents=True, exist_ok=True)
            os.chdir(home)

        return enter

    def user_env(self, env: dict[str, str]) -> dict[str, str]:
        """The environment with the account's name and home."""
        return {**env, "USER": self._account() or self.user.name, "HOME": self._home()}

    def _account(self) -> str | None:
        """The machine's account; None: the Hub's own."""
        if self.accounts == "shared":
            return None
        return self.user.name if self._is_lab else self.pages_account

    def _home(self) -> str:
        account = self._account()
        if account is None:
            return str(Path(self.shared_folder) / self.user.name)
        try:
            return pwd.getpwnam(account).pw_dir
        except KeyError:
            raise HTTPError(500, f"This machine has no account {account}. Ask who runs it to make one.") from None
