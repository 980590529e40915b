"""An S3 service on loopback: moto's server in a thread."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import boto3
from moto.server import ThreadedMotoServer

BUCKET = "results"
ACCOUNT = {
    "AWS_ACCESS_KEY_ID": "loopback",
    "AWS_SECRET_ACCESS_KEY": "loopback",
    "AWS_DEFAULT_REGION": "us-east-1",
}


@contextmanager
def s3_server() -> Iterator[str]:
    """Yield the address of a running service with one empty bucket."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        address = f"http://{host}:{port}"
        client(address).create_bucket(Bucket=BUCKET)
        yield address
    finally:
        server.stop()


def environment(address: str) -> Mapping[str, str]:
    """What a user's shell holds to reach this service."""
    return {**ACCOUNT, "AWS_ENDPOINT_URL": address, "AWS_EC2_METADATA_DISABLED": "true"}


def upload(address: str, folder: Path, prefix: str) -> str:
    """Put a run folder into the bucket and return its address."""
    for file in folder.iterdir():
        client(address).upload_file(str(file), BUCKET, f"{prefix}/{file.name}")
    return f"s3://{BUCKET}/{prefix}"


def client(address: str):  # type: ignore[no-untyped-def]  # noqa: ANN201 - boto3 makes its clients at run time
    return boto3.client(
        "s3",
        endpoint_url=address,
        region_name=ACCOUNT["AWS_DEFAULT_REGION"],
        aws_access_key_id=ACCOUNT["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=ACCOUNT["AWS_SECRET_ACCESS_KEY"],
    )
