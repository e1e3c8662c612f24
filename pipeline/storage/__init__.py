"""Where bytes lie: sources are found and opened, never written; the store is content-addressed, written atomically.

A place is a folder (a NAS mount is a folder), a ``file://`` URI, or any URI that fsspec knows: s3://, gs://, smb://.
Local places are served by the operating system alone; what comes from fsspec goes through its driver.
"""

from pipeline.storage.files import file_sha256, local_copy
from pipeline.storage.places import is_local, path_of, refuse_password, uri_of
from pipeline.storage.scanning import FoundFile, scan
from pipeline.storage.store import Store, StoredFile, write_whole

__all__ = [
    "FoundFile",
    "Store",
    "StoredFile",
    "file_sha256",
    "is_local",
    "local_copy",
    "path_of",
    "refuse_password",
    "scan",
    "uri_of",
    "write_whole",
]
