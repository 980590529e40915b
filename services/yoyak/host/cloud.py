"""Which cloud instance this host is: told by the caller, the firmware or the metadata service."""

import json
import socket
import time
from dataclasses import dataclass
from pathlib import Path

from yoyak.host.kernel_files import read_text
from yoyak.units import NS_PER_S

METADATA_ADDRESS = ("169.254.169.254", 80)  # EC2's, link-local
METADATA_DEADLINE_S = 0.2  # it answers in a few ms; where it does not exist nobody answers at all
_TOKEN_LIFE_S = 60
_MOST_BYTES = 65536
_OK = 200
_AMAZON = "Amazon EC2"


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudIdentity:
    """A cloud instance; what is unknown is None."""

    instance_type: str | None = None
    instance_id: str | None = None
    availability_zone: str | None = None

    def or_else(self, other: "CloudIdentity") -> "CloudIdentity":
        """Return this identity with what it lacks taken from another."""
        return CloudIdentity(
            instance_type=self.instance_type or other.instance_type,
            instance_id=self.instance_id or other.instance_id,
            availability_zone=self.availability_zone or other.availability_zone,
        )

    @property
    def is_complete(self) -> bool:
        """Whether nothing is left to ask for."""
        return None not in (self.instance_type, self.instance_id, self.availability_zone)


NOT_A_CLOUD = CloudIdentity()


def cloud_identity(
    told: CloudIdentity = NOT_A_CLOUD,
    *,
    root: Path = Path("/"),
    ask_metadata: bool | None = None,
    metadata_address: tuple[str, int] = METADATA_ADDRESS,
) -> CloudIdentity:
    """Return this host's identity: what the caller was told, then DMI, then IMDSv2.

    Args:
        told: from the environment (YOYAK_INSTANCE_TYPE and so on, read by the caller).
        root: where /sys is.
        ask_metadata: True asks the metadata service for what is missing, False never does,
            None asks only where DMI says that this is EC2.
        metadata_address: host and port of the metadata service.
    """
    identity = told.or_else(dmi_identity(root))
    asks = is_ec2(root) if ask_metadata is None else ask_metadata
    if asks and not identity.is_complete:
        identity = identity.or_else(metadata_identity(metadata_address) or NOT_A_CLOUD)
    return identity


def is_ec2(root: Path = Path("/")) -> bool:
    """Return whether the firmware's vendor is Amazon EC2 (Nitro; older Xen hosts say Xen)."""
    return read_text(root / "sys/class/dmi/id/sys_vendor") == _AMAZON


def dmi_identity(root: Path = Path("/")) -> CloudIdentity:
    """Return what the firmware's tables say; nothing unless their vendor is Amazon EC2.

    Nitro hosts keep the instance type as the product name and the instance id as the board's
    asset tag. Both are readable in a container, which the metadata service's hop limit of 1
    shuts out.
    """
    if not is_ec2(root):
        return NOT_A_CLOUD
    tables = root / "sys/class/dmi/id"
    tag = read_text(tables / "board_asset_tag")
    return CloudIdentity(
        instance_type=read_text(tables / "product_name") or None,
        instance_id=tag if tag and tag.startswith("i-") else None,
    )


def metadata_identity(
    address: tuple[str, int] = METADATA_ADDRESS, *, deadline_s: float = METADATA_DEADLINE_S
) -> CloudIdentity | None:
    """Return what EC2's metadata service says (IMDSv2), or None if nobody answers in time.

    PUT for a session token, then GET of the instance identity document with it. The deadline
    holds for both together, however slowly the bytes drip in.

    Source:
        Amazon EC2 User Guide, "Use the Instance Metadata Service".
    """
    ends_ns = time.monotonic_ns() + int(deadline_s * NS_PER_S)
    try:
        token = _exchange(
            address,
            f"PUT /latest/api/token HTTP/1.0\r\nHost: {address[0]}\r\n"
            f"X-aws-ec2-metadata-token-ttl-seconds: {_TOKEN_LIFE_S}\r\nContent-Length: 0\r\n\r\n",
            ends_ns,
        )
        if not token or not token.isascii() or not token.isprintable():
            return None
        document = _exchange(
            address,
            f"GET /latest/dynamic/instance-identity/document HTTP/1.0\r\nHost: {address[0]}\r\n"
            f"X-aws-ec2-metadata-token: {token}\r\n\r\n",
            ends_ns,
        )
        facts = json.loads(document or "null")
    except (OSError, ValueError):  # nobody there, too late, or not JSON
        return None
    if not isinstance(facts, dict):
        return None
    return CloudIdentity(
        instance_type=_text(facts.get("instanceType")),
        instance_id=_text(facts.get("instanceId")),
        availability_zone=_text(facts.get("availabilityZone")),
    )


def _exchange(address: tuple[str, int], request: str, ends_ns: int) -> str | None:
    """Return the body of a 200 answer to one HTTP/1.0 request, None for any other answer.

    Written on the socket because http.client's timeout starts anew with every byte.

    Raises:
        OSError: no connection, or the deadline passed.
        ValueError: the answer is not HTTP, not UTF-8, or too long.
    """
    with socket.create_connection(address, timeout=_left_s(ends_ns)) as connection:
        connection.sendall(request.encode("ascii"))
        answer = b""
        while True:
            connection.settimeout(_left_s(ends_ns))
            part = connection.recv(_MOST_BYTES)
            if not part:
                break
            answer += part
            if len(answer) > _MOST_BYTES:
                raise ValueError("the metadata answer is too long")
    head, _, body = answer.partition(b"\r\n\r\n")
    status = head.split(b" ", 2)[1:2]
    if not head.startswith(b"HTTP/") or not status:
        raise ValueError("the metadata answer is not HTTP")
    return body.decode("utf-8") if int(status[0]) == _OK else None


def _left_s(ends_ns: int) -> float:
    left_s = (ends_ns - time.monotonic_ns()) / NS_PER_S
    if left_s <= 0:
        raise TimeoutError("the metadata service did not answer in time")
    return left_s


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
