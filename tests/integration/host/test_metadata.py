"""IMDSv2 against a loopback server that demands its token, as EC2's does."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from yoyak.host.cloud import CloudIdentity, cloud_identity, metadata_identity

TOKEN = "AQAEAFakeToken-only-for-this-test=="  # noqa: S105 - it opens nothing
DOCUMENT = {
    "instanceType": "m5.16xlarge",
    "instanceId": "i-0fedcba9876543210",
    "availabilityZone": "ap-northeast-2c",
    "region": "ap-northeast-2",
}


class Metadata(BaseHTTPRequestHandler):
    """Answers the two requests of IMDSv2, and 401 to a GET without the token."""

    delay_s = 0.0
    document = json.dumps(DOCUMENT).encode()

    def do_PUT(self) -> None:
        lifetime = self.headers.get("X-aws-ec2-metadata-token-ttl-seconds", "")
        good = self.path == "/latest/api/token" and lifetime.isdigit()
        self._answer(200 if good else 400, TOKEN.encode())

    def do_GET(self) -> None:
        if self.headers.get("X-aws-ec2-metadata-token") != TOKEN:
            self._answer(401, b"")
        elif self.path == "/latest/dynamic/instance-identity/document":
            self._answer(200, self.document)
        else:
            self._answer(404, b"")

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        for position in range(len(body)):
            time.sleep(self.delay_s)
            try:
                self.wfile.write(body[position : position + 1])
            except OSError:  # the client gave up, as it should
                return

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def metadata_server(**changes: object) -> Iterator[tuple[str, int]]:
    handler = type("Changed", (Metadata,), changes)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = False
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield "127.0.0.1", server.server_port
        finally:
            server.shutdown()
            thread.join()


def test_the_identity_document_is_read_with_a_token() -> None:
    with metadata_server() as address:
        assert metadata_identity(address) == CloudIdentity(
            instance_type="m5.16xlarge",
            instance_id="i-0fedcba9876543210",
            availability_zone="ap-northeast-2c",
        )


def test_a_server_that_drips_is_given_up_at_the_deadline() -> None:
    with metadata_server(delay_s=0.03) as address:
        started_s = time.monotonic()
        assert metadata_identity(address, deadline_s=0.2) is None
        assert time.monotonic() - started_s < 0.35


def test_nobody_there_is_no_identity() -> None:
    with metadata_server() as address:
        pass
    assert metadata_identity(address) is None


def test_an_answer_that_is_not_ec2s_is_no_identity() -> None:
    for document in (b"<html>", b"[]", b'"x"', b"\xff\xfe"):
        with metadata_server(document=document) as address:
            assert metadata_identity(address) is None


def test_fields_of_another_type_are_unknown() -> None:
    with metadata_server(document=b'{"instanceType": 5, "instanceId": ""}') as address:
        assert metadata_identity(address) == CloudIdentity()


def ec2_host(root: Path) -> Path:
    tables = root / "sys/class/dmi/id"
    tables.mkdir(parents=True)
    (tables / "sys_vendor").write_text("Amazon EC2\n")
    (tables / "product_name").write_text("r5.4xlarge\n")
    (tables / "board_asset_tag").write_text("i-0123456789abcdef0\n")
    return root


def test_the_service_adds_what_the_firmware_does_not_know(tmp_path: Path) -> None:
    with metadata_server() as address:
        identity = cloud_identity(root=ec2_host(tmp_path), metadata_address=address)
    assert identity == CloudIdentity(
        instance_type="r5.4xlarge",  # the firmware's, read first
        instance_id="i-0123456789abcdef0",
        availability_zone="ap-northeast-2c",
    )


def test_the_service_is_not_asked_outside_of_ec2(tmp_path: Path) -> None:
    with metadata_server() as address:
        assert cloud_identity(root=tmp_path, metadata_address=address) == CloudIdentity()
        asked = cloud_identity(root=tmp_path, metadata_address=address, ask_metadata=True)
    assert asked.instance_type == "m5.16xlarge"


def test_the_service_is_not_asked_for_what_is_known(tmp_path: Path) -> None:
    told = CloudIdentity(instance_type="a", instance_id="b", availability_zone="c")
    with metadata_server() as address:
        assert cloud_identity(told, root=tmp_path, metadata_address=address) == told
