"""Real servers of remote stores on loopback: an S3 API that checks signatures (moto), and Samba."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SMB_PASSWORD = "geheim-9x/q"
_POLICY = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}'
_N_CALLS_BEFORE_KEYS_COUNT = 3


@dataclass(frozen=True, kw_only=True)
class S3Server:
    """A running S3 server with one bucket named sounds, and the variables that give access to it."""

    url: str
    environ: dict[str, str]
    process: subprocess.Popen[bytes]


@contextmanager
def s3_server() -> Iterator[S3Server]:
    """An S3 API server in a process of its own; requests with a wrong signature are refused."""
    import boto3

    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    process = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        env={**os.environ, "INITIAL_NO_AUTH_ACTION_COUNT": str(_N_CALLS_BEFORE_KEYS_COUNT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(port, process)
        options: dict[str, Any] = {"endpoint_url": url, "region_name": "us-east-1"}
        iam = boto3.client("iam", aws_access_key_id="first", aws_secret_access_key="first", **options)
        iam.create_user(UserName="tester")
        iam.put_user_policy(UserName="tester", PolicyName="all", PolicyDocument=_POLICY)
        key = iam.create_access_key(UserName="tester")["AccessKey"]
        environ = {
            "AWS_ENDPOINT_URL": url,
            "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
            "AWS_DEFAULT_REGION": "us-east-1",
        }
        s3 = boto3.client(
            "s3",
            aws_access_key_id=key["AccessKeyId"],
            aws_secret_access_key=key["SecretAccessKey"],
            **options,
        )
        s3.create_bucket(Bucket="sounds")
        yield S3Server(url=url, environ=environ, process=process)
    finally:
        process.kill()
        process.wait()


@dataclass(frozen=True, kw_only=True)
class SmbServer:
    """A running Samba with one share named sounds, the folder behind it, and the variables that give access to it."""

    url: str
    share: Path
    environ: dict[str, str]
    process: subprocess.Popen[bytes]


def smbd() -> str | None:
    """Where Samba's server lies on this machine, None if it is not installed."""
    return shutil.which("smbd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


@contextmanager
def smb_server(folder: Path) -> Iterator[SmbServer]:
    """Samba with its own settings and passwords below the folder."""
    program = smbd()
    if program is None:
        raise FileNotFoundError("smbd")
    port, share, state = _free_port(), folder / "share", folder / "state"
    share.mkdir()
    state.mkdir()
    settings = folder / "smb.conf"
    settings.write_text(_smb_settings(port, share, state))
    user = _account_name()
    words = f"{SMB_PASSWORD}\n{SMB_PASSWORD}\n".encode()
    subprocess.run(["smbpasswd", "-c", str(settings), "-s", "-a", user], input=words, check=True, capture_output=True)
    process = subprocess.Popen(
        [program, "-F", "--no-process-group", "-s", str(settings), "--debug-stdout"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _wait_for(port, process)
        environ = {"FSSPEC_SMB_USERNAME": user, "FSSPEC_SMB_PASSWORD": SMB_PASSWORD}
        yield SmbServer(url=f"smb://127.0.0.1:{port}/sounds", share=share, environ=environ, process=process)
    finally:
        stop_group(process)


def stop_group(process: subprocess.Popen[bytes]) -> None:
    """Kill a server with the processes that it began for its connections."""
    import signal
    from contextlib import suppress

    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _smb_settings(port: int, share: Path, state: Path) -> str:
    folders = "private dir", "lock directory", "state directory", "cache directory", "pid directory"
    return "\n".join(
        [
            "[global]",
            "server role = standalone server",
            f"smb ports = {port}",
            "bind interfaces only = yes",
            "interfaces = 127.0.0.1/8",
            *(f"{name} = {state}" for name in folders),
            f"ncalrpc dir = {state}/ncalrpc",
            f"passdb backend = tdbsam:{state}/passdb.tdb",
            f"log file = {state}/log",
            "disable spoolss = yes",
            "load printers = no",
            "server min protocol = SMB2",
            "map to guest = never",
            "[sounds]",
            f"path = {share}",
            "read only = no",
            "",
        ]
    )


def _account_name() -> str:
    import pwd

    return pwd.getpwuid(os.getuid()).pw_name


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int, process: subprocess.Popen[bytes], *, at_most_s: float = 30.0) -> None:
    until = time.monotonic() + at_most_s
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with status {process.returncode} before it listened")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(f"nothing listens on port {port} after {at_most_s} s")
