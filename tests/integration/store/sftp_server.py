"""An SFTP server on loopback, built on paramiko: one user with one key, files of one folder."""

import contextlib
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import paramiko
from paramiko.common import (
    AUTH_FAILED,
    AUTH_SUCCESSFUL,
    OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED,
    OPEN_SUCCEEDED,
)

USER = "reader"
_ACCEPT_S = 0.2  # how soon the accepting thread sees that it should end


@dataclass(frozen=True, slots=True)
class SftpAddress:
    """Where it listens, and the key it shows."""

    port: int
    host_key: paramiko.PKey

    def url(self, path: Path) -> str:
        return f"sftp://{USER}@127.0.0.1:{self.port}{path}"


class _OneUser(paramiko.ServerInterface):
    """Takes USER with one public key."""

    def __init__(self, key: paramiko.PKey) -> None:
        self._key = key

    def get_allowed_auths(self, username: str) -> str:  # noqa: ARG002 - paramiko's signature
        return "publickey"

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        if username == USER and key == self._key:
            return AUTH_SUCCESSFUL
        return AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:  # noqa: ARG002 - likewise
        if kind == "session":
            return OPEN_SUCCEEDED
        return OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED


class _Files(paramiko.SFTPServerInterface):
    """The host's own files, to be read."""

    def stat(self, path: str) -> paramiko.SFTPAttributes | int:
        try:
            return paramiko.SFTPAttributes.from_stat(os.stat(path))  # noqa: PTH116 - it takes one
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)

    lstat = stat

    def open(
        self,
        path: str,
        flags: int,  # noqa: ARG002 - likewise
        attr: paramiko.SFTPAttributes,  # noqa: ARG002 - likewise
    ) -> paramiko.SFTPHandle | int:
        try:
            file = Path(path).open("rb")  # noqa: SIM115 - the handle closes it
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)
        handle = paramiko.SFTPHandle()
        handle.readfile = file  # type: ignore[attr-defined]  # as paramiko's manual says
        handle.stat = lambda: self.stat(path)  # type: ignore[method-assign]  # likewise
        return handle


@contextmanager
def sftp_server(user_key: paramiko.PKey) -> Iterator[SftpAddress]:
    """Yield where a running server listens."""
    host_key = paramiko.ECDSAKey.generate()
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(_ACCEPT_S)
    ending = threading.Event()
    transports: list[paramiko.Transport] = []

    def serve() -> None:
        while not ending.is_set():
            with contextlib.suppress(TimeoutError):
                connection, _ = listener.accept()
                transport = paramiko.Transport(connection)
                transports.append(transport)
                transport.add_server_key(host_key)
                transport.set_subsystem_handler("sftp", paramiko.SFTPServer, _Files)
                transport.start_server(event=threading.Event(), server=_OneUser(user_key))

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield SftpAddress(listener.getsockname()[1], host_key)
    finally:
        ending.set()
        thread.join()
        for transport in transports:
            transport.close()
        listener.close()
