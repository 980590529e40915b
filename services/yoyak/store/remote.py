"""Addresses that fsspec opens: the package that each needs, and what its failures mean in words."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from fsspec import AbstractFileSystem
from fsspec.core import split_protocol, url_to_fs

from yoyak.errors import HostError, UsageError, YoyakError, one_line

EXTRAS = {"s3": "aws", "s3a": "aws", "sftp": "sftp", "ssh": "sftp"}  # scheme -> of yoyak[...]
# (module, base class) of failures that are no OSError. What nothing has loaded has raised none.
_FAILURES = (
    ("botocore.exceptions", "BotoCoreError"),
    ("botocore.exceptions", "ClientError"),
    ("paramiko", "SSHException"),
    ("aiohttp", "ClientError"),
)
_ADD_A_KEY = (
    "the host takes none of your keys: add one to ssh-agent, or name it as IdentityFile in "
    "~/.ssh/config"
)
# Class name or words of a failure -> what to do; so no package is imported for its errors alone.
_MENDS = {
    "NoCredentialsError": "give AWS credentials: AWS_PROFILE, or AWS_ACCESS_KEY_ID and "
    "AWS_SECRET_ACCESS_KEY",
    "AuthenticationException": _ADD_A_KEY,
    "No authentication methods available": _ADD_A_KEY,
    "not found in known_hosts": "connect once with sftp(1) and check the key that it shows",
    "BadHostKeyException": "the host's key is not the one in ~/.ssh/known_hosts: it may be another "
    "host",
    "IncompatiblePeer": "the host speaks no protocol that paramiko knows",
    "PermissionError": "ask for the right to read it",
}
_OTHERWISE = "check the address, and that this host reaches it"


@contextmanager
def opened(url: str) -> Iterator[tuple[AbstractFileSystem, str]]:
    """Yield the file system of an address and the path within it; it is closed afterwards.

    What fails within the context, reading included, is told as one line.

    Raises:
        UsageError: no such kind of address, or nothing is there.
        HostError: a package is missing, or the address cannot be reached or may not be read.
    """
    files: AbstractFileSystem | None = None
    try:
        files, path = _file_system(url)
        yield files, path
    except YoyakError:
        raise
    except ImportError as error:
        extra = EXTRAS.get(_scheme(url))
        package = f"yoyak[{extra}]" if extra else error.name or "what it names"
        raise HostError(
            f"{_shown(url)} needs a package that is not installed ({one_line(str(error))}); "
            f"pip install '{package}'"
        ) from error
    except FileNotFoundError as error:
        raise UsageError(
            f"{_shown(url)} is not there; name a run folder, or its perf.json"
        ) from error
    except _failures() as error:
        raise _told(url, error) from error
    finally:
        close = getattr(files, "close", None)
        if close is not None:
            close()


def _file_system(url: str) -> tuple[AbstractFileSystem, str]:
    if EXTRAS.get(_scheme(url)) == "sftp":
        from yoyak.store.sftp import KnownHostSftp  # only here is paramiko needed

        parts = KnownHostSftp._get_kwargs_from_urls(url)  # noqa: SLF001 - fsspec's hook for it
        return KnownHostSftp(**parts), KnownHostSftp._strip_protocol(url)  # noqa: SLF001 - likewise
    try:
        files, path = url_to_fs(url)
    except ValueError as error:
        raise UsageError(
            f"{_shown(url)} cannot be opened: {one_line(str(error))}; yoyak reads folders, files, "
            "s3://, sftp:// and what else fsspec knows"
        ) from error
    return files, str(path)


def _failures() -> tuple[type[BaseException], ...]:
    loaded = [
        getattr(sys.modules[module], name) for module, name in _FAILURES if module in sys.modules
    ]
    return (OSError, RuntimeError, EOFError, ValueError, *loaded)


def _told(url: str, error: BaseException) -> HostError:
    name, said = type(error).__name__, one_line(str(error))
    mend = next((mend for key, mend in _MENDS.items() if key == name or key in said), _OTHERWISE)
    return HostError(f"{_shown(url)} cannot be read: {said or name}; {mend}")


def _scheme(url: str) -> str:
    return split_protocol(url)[0] or ""


def _shown(url: str) -> str:
    """Return an address without its password."""
    scheme, separator, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    account, at, machine = host.rpartition("@")
    return f"{scheme}{separator}{account.partition(':')[0]}{at}{machine}{slash}{path}"
