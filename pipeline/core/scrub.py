"""Takes secrets out of text that is kept or shown: passwords in addresses, keys, tokens, cookies.

It would rather take a word too many: a log with a hole is of use, a log with a password is a leak.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any, cast

HIDDEN = "…"

_SECRET_NAME = re.compile(
    r"passw|passphrase|(?:^|[_.-])(?:pwd|sig|auth)(?:$|[_.-])|secret|token|credential|signature|verifier"
    r"|api.?key|access.?key|account.?key|private.?key|authorization|cookie|session.?id|xsrf",
    re.IGNORECASE,
)
_MIN_KNOWN = 4  # a shorter secret would tear holes into every word

# Each pattern's group "keep", where it has one, stays before the hole.
_PATTERNS = tuple(
    re.compile(pattern, flags)
    for pattern, flags in (
        (r"-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", 0),
        # scheme://name:password@host; any character but a blank may stand in a password.
        (r"(?P<keep>[a-z][a-z0-9+.-]*://[^/?#@:\s\[]*:)(?!\d*(?:[/?#\s]|$))\S+(?=@)", re.IGNORECASE),
        # A header to the end of its line.
        (r"(?P<keep>\b(?:proxy-)?(?:authorization|(?:set-)?cookie)\b\s*[:=]\s*)(?=[^\s\"'])[^\r\n]+", re.IGNORECASE),
        (r"(?P<keep>\b(?:bearer|basic|negotiate|digest)\s+)[\w+/=.~:-]{6,}", re.IGNORECASE),
        # name=value, name: value, "name": "value", PASSWORD 'value'
        (
            r"(?P<keep>[\w.-]*(?:passw(?:or)?d|passwd|passphrase|secret|token|credential|signature|verifier|cookie"
            r"|authorization|(?:api|access|account|private)[ _-]?key|session[_-]?id|xsrf|\bpwd|\bsig)[\w.-]*"
            r"(?:[\"']?\s*[=:]\s*|\s+(?=')))"
            r"(?:b?\"(?:[^\"\\]|\\.)*\"|b?'(?:[^'\\]|\\.)*'|[^\s&;,)}\]\"']+)",
            re.IGNORECASE,
        ),
        (r"SCRAM-SHA-256\$\S+", 0),
        (r"\b(?:AKIA|ASIA|AGPA|AIDA|AROA|ANPA|ANVA)[A-Z0-9]{16}\b", 0),
        # A secret key of AWS: 40 of base64, which no hash in hexadecimal digits is.
        (r"(?<![\w/+=-])(?=[\w/+]*[a-z])(?=[\w/+]*[A-Z])(?=[\w/+]*\d)[A-Za-z0-9/+]{40}(?![\w/+=-])", 0),
        (r"\b(?:gh[opsur]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|hf_\w{20,}|xox[a-z]-[\w-]{10,})", 0),
        (r"\bsk-[\w-]{16,}", 0),
        (r"\beyJ[\w-]{8,}\.[\w-]{4,}\.?[\w-]*", 0),
    )
)


def scrub(text: str, *, known: Collection[str] = ()) -> str:
    """The text with every secret made a hole. ``known`` are secrets of this process, found wherever they stand."""
    for secret in sorted(known, key=len, reverse=True):
        if len(secret) >= _MIN_KNOWN:
            text = text.replace(secret, HIDDEN)
    for pattern in _PATTERNS:
        text = pattern.sub(_hole, text)
    return text


def scrub_value(value: Any, *, known: Collection[str] = ()) -> Any:
    """A JSON value with every secret made a hole, in keys and values, and whatever stands under a secret's name."""
    if isinstance(value, Mapping):
        pairs = cast("Mapping[Any, Any]", value).items()
        return {
            scrub(str(name), known=known): HIDDEN if is_secret_name(str(name)) else scrub_value(inner, known=known)
            for name, inner in pairs
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [scrub_value(inner, known=known) for inner in cast("list[Any]", value)]
    if value is None or isinstance(value, bool | int | float):
        return value
    return scrub(str(value), known=known)


def is_secret_name(name: str) -> bool:
    """Whether what stands under this name is a secret, by the name alone."""
    return _SECRET_NAME.search(name) is not None


def _hole(match: re.Match[str]) -> str:
    return (match.groupdict().get("keep") or "") + HIDDEN
