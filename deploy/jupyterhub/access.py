"""What is decided without the Hub: who gets JupyterLab, whose login still opens, which routes the pages have."""

from __future__ import annotations

import re

from pipeline.catalog import accounts
from pipeline.catalog.connect import connect
from pipeline.core.errors import DatabaseUnavailable

# As the database has them. Another spelling of a name would open the server of somebody else.
_NAME = re.compile(r"[a-z0-9][a-z0-9_.@-]{0,62}", re.ASCII)
_LAB_DUTIES = ("researcher", "admin")
_FILE = r"[\w@~+,-][\w@~+.,-]*"
_KERNEL = r"\w+-\w+-\w+-\w+-\w+"
_ROUTES = (
    ("GET", r""),
    ("GET", r"voila/render/[a-z_]+\.ipynb"),
    ("GET|HEAD", rf"voila/(static|templates|labextensions|api/themes)/({_FILE}/)*{_FILE}"),
    ("GET|DELETE", rf"api/kernels/{_KERNEL}"),
    ("GET", rf"api/kernels/{_KERNEL}/channels"),
    ("POST", rf"voila/api/shutdown/{_KERNEL}"),
    ("GET", r"oauth_callback"),
    ("GET", r"logout"),
)


def is_name(name: str) -> bool:
    """Whether it can be an account."""
    return _NAME.fullmatch(name) is not None


def is_route(method: str, path: str, prefix: str) -> bool:
    """Whether the pages serve such a request at all; ``prefix`` is /user/NAME/."""
    if not path.startswith(prefix) or ".." in path:
        return False
    rest = path.removeprefix(prefix)
    return any(re.fullmatch(m, method) and re.fullmatch(route, rest, re.ASCII) for m, route in _ROUTES)


def has_lab(url: str) -> bool:
    """Whether this person, by the highest of their duties, writes code: researchers and admins do. Blocks.

    Raises DatabaseUnavailable if the login does not open the database (any more).
    """
    with connect(url, application_name="earmark hub") as conn:
        if accounts.is_lab_admin(conn):
            return True
        return any(project.duty in _LAB_DUTIES for project in accounts.list_projects(conn))


def still_opens(url: str) -> bool:
    """Whether a login is as good as when it was given. While the database is down nobody is sent away. Blocks."""
    try:
        with connect(url, application_name="earmark hub"):
            return True
    except DatabaseUnavailable as error:
        return not re.search("authentication failed|not permitted to log in|permission denied", str(error))
