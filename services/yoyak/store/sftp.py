"""SFTP as OpenSSH's own client would connect: known hosts only, with the settings of ~/.ssh/config.

fsspec's SFTP takes any host key by default, so that anyone in between could hand out results.
Importing this module needs paramiko.
"""

import logging
from pathlib import Path
from typing import Any

import paramiko
from fsspec.implementations.sftp import SFTPFileSystem

CONNECT_S = 10.0  # each for TCP, the server's first line, and the login
CONFIG = "~/.ssh/config"

# Without a handler Python prints the tracebacks of paramiko's own thread to stderr.
logging.getLogger("paramiko").addHandler(logging.NullHandler())


class KnownHostSftp(SFTPFileSystem):  # type: ignore[misc]  # fsspec ships no types
    """Files of a host whose key is in ~/.ssh/known_hosts.

    HostName, User, Port and IdentityFile are taken from ~/.ssh/config; what the address says wins.
    Keys come from there, from ssh-agent, or from ~/.ssh. Jump hosts are not followed.
    """

    cachable = False  # a connection belongs to one address, and is closed with it

    def _connect(self) -> None:
        told = _ssh_config(self.host)
        given = dict(self.ssh_kwargs)
        self.client = paramiko.SSHClient()
        try:
            self.client.load_system_host_keys()
            self.client.set_missing_host_key_policy(paramiko.RejectPolicy())
            self.client.connect(
                str(told.get("hostname", self.host)),
                port=given.get("port") or int(told.get("port", paramiko.config.SSH_PORT)),
                username=given.get("username") or told.get("user"),
                password=given.get("password"),
                key_filename=told.get("identityfile"),
                timeout=CONNECT_S,
                banner_timeout=CONNECT_S,
                auth_timeout=CONNECT_S,
            )
            self.ftp = self.client.open_sftp()
        except BaseException:
            self.client.close()
            raise

    def close(self) -> None:
        """End the connection and its thread."""
        self.client.close()


def _ssh_config(host: str) -> dict[str, Any]:
    file = Path(CONFIG).expanduser()
    if not file.is_file():
        return {}
    found: dict[str, Any] = paramiko.SSHConfig.from_path(str(file)).lookup(host)
    return found
