"""Runs at s3:// and sftp:// reach a comparison, and what goes wrong on the way is one line."""

import contextlib
import io
import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import paramiko
import pytest
from s3fs import S3FileSystem
from tests.data_factories.benchmark_run import HostSpeed, a_run
from tests.data_factories.run_folder import write_run
from tests.integration.store.s3_server import environment, s3_server, upload
from tests.integration.store.sftp_server import SftpAddress, sftp_server

from yoyak.cli.main import run_command_line
from yoyak.errors import HostError, UsageError, YoyakError
from yoyak.records import Perf
from yoyak.store.locate import located, read_located
from yoyak.store.run_folder import Run, read_run


def a_host(kind: str, folder: Path) -> Path:
    run = a_run(
        articles=2,
        repetitions=3,
        output_tokens=4,
        samples_per_s=1,
        speed=HostSpeed(instance_type=kind),
    )
    return write_run(run, folder / kind)


@pytest.fixture(scope="module")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("hosts")
    return a_host("r5.4xlarge", folder), a_host("m5.4xlarge", folder)


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    with s3_server() as address:
        yield address


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of nobody: no keys, no known hosts, no AWS account."""
    folder = tmp_path / "home"
    (folder / ".ssh").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(folder))
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "SSH_AUTH_SOCK"):
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.fixture
def account(s3: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> str:  # noqa: ARG001 - set up first
    for name, value in environment(s3).items():
        monkeypatch.setenv(name, value)
    S3FileSystem.clear_instance_cache()  # each test is a shell of its own
    return s3


def compared(*names: str) -> list[str]:
    """Compare runs through the command line; return the labels in the table of all runs."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run_command_line(["compare", *names, "--format", "json"])
    assert (code, err.getvalue()) == (0, "")
    tables = {table["key"]: table for table in json.loads(out.getvalue())["tables"]}
    return [row["label"] for row in tables["runs"]["rows"]]


def refusal(name: str) -> YoyakError:
    with pytest.raises(YoyakError) as caught, located(name) as path:
        read_located(path)
    assert str(caught.value).isprintable()
    return caught.value


def test_runs_in_a_bucket_reach_a_comparison(hosts: tuple[Path, Path], account: str) -> None:
    names = [upload(account, host, f"runs/{host.name}") for host in hosts]
    assert compared(*names) == ["r5.4xlarge", "m5.4xlarge"]
    assert compared(f"{names[0]}/perf.json", str(hosts[1])) == ["r5.4xlarge", "m5.4xlarge"]


def test_a_run_in_a_bucket_is_the_run_that_was_put_there(
    hosts: tuple[Path, Path], account: str
) -> None:
    with located(upload(account, hosts[0], "whole")) as path:
        found = read_located(path)
    assert isinstance(found, Run)
    there = read_run(hosts[0])
    assert (found.requests, found.samples, found.perf) == (
        there.requests,
        there.samples,
        there.perf,
    )


def test_a_killed_run_in_a_bucket_is_worked_out_from_its_records(
    hosts: tuple[Path, Path], account: str, tmp_path: Path
) -> None:
    run = a_run(articles=2, repetitions=3, output_tokens=4, samples_per_s=1)
    killed = write_run(run, tmp_path / "killed", is_finished=False)
    assert compared(upload(account, killed, "killed"), str(hosts[0])) == [
        "m5.16xlarge",
        "r5.4xlarge",
    ]


@pytest.mark.parametrize("path", ["results/nothing/here", "no-such-bucket/runs/1"])
def test_what_is_not_in_the_bucket_is_told(account: str, path: str) -> None:  # noqa: ARG001 - set up first
    error = refusal(f"s3://{path}")
    assert isinstance(error, UsageError)
    assert path in str(error)


def test_an_account_that_is_missing_is_told(
    account: str,  # noqa: ARG001 - the address is set
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    error = refusal("s3://results/runs/another")
    assert isinstance(error, HostError)
    assert "AWS_PROFILE" in str(error)


def test_a_service_that_is_down_is_told(account: str, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001 - set up first
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free_port()}")
    error = refusal("s3://results/runs/third")
    assert isinstance(error, HostError)
    assert "check the address" in str(error)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def user_key() -> paramiko.PKey:
    return paramiko.ECDSAKey.generate()


@pytest.fixture(scope="module")
def sftp(user_key: paramiko.PKey) -> Iterator[SftpAddress]:
    with sftp_server(user_key) as address:
        yield address


def know(home: Path, address: SftpAddress, key: paramiko.PKey | None = None) -> None:
    shown = key or address.host_key
    (home / ".ssh" / "known_hosts").write_text(
        f"[127.0.0.1]:{address.port} {shown.get_name()} {shown.get_base64()}\n"
    )


def own(home: Path, key: paramiko.PKey) -> Path:
    file = home / ".ssh" / "id_ecdsa"
    key.write_private_key_file(str(file))
    return file


def test_runs_on_other_hosts_reach_a_comparison(
    hosts: tuple[Path, Path], sftp: SftpAddress, user_key: paramiko.PKey, home: Path
) -> None:
    know(home, sftp)
    own(home, user_key)
    assert compared(sftp.url(hosts[0]), f"{sftp.url(hosts[1])}/perf.json") == [
        "r5.4xlarge",
        "m5.4xlarge",
    ]


def test_the_settings_of_ssh_hold_for_sftp_addresses(
    hosts: tuple[Path, Path], sftp: SftpAddress, user_key: paramiko.PKey, home: Path
) -> None:
    know(home, sftp)
    key = own(home, user_key).rename(home / "a key of another name")
    (home / ".ssh" / "config").write_text(
        f"Host bench-1\n HostName 127.0.0.1\n Port {sftp.port}\n User reader\n"
        f'IdentityFile "{key}"\n'
    )
    assert compared(f"sftp://bench-1{hosts[0]}", str(hosts[1])) == ["r5.4xlarge", "m5.4xlarge"]


def test_a_run_that_is_not_on_the_host_is_told(
    sftp: SftpAddress, user_key: paramiko.PKey, home: Path, tmp_path: Path
) -> None:
    know(home, sftp)
    own(home, user_key)
    error = refusal(sftp.url(tmp_path / "nowhere"))
    assert isinstance(error, UsageError)
    assert "holds no run" in str(error)


def test_a_host_that_was_never_met_is_not_trusted(
    hosts: tuple[Path, Path], sftp: SftpAddress, user_key: paramiko.PKey, home: Path
) -> None:
    own(home, user_key)
    error = refusal(sftp.url(hosts[0]))
    assert isinstance(error, HostError)
    assert "known_hosts" in str(error)
    assert "connect once" in str(error)


def test_a_host_with_another_key_than_before_is_not_trusted(
    hosts: tuple[Path, Path], sftp: SftpAddress, user_key: paramiko.PKey, home: Path
) -> None:
    know(home, sftp, paramiko.ECDSAKey.generate())
    own(home, user_key)
    error = refusal(sftp.url(hosts[0]))
    assert isinstance(error, HostError)
    assert "another host" in str(error)


@pytest.mark.parametrize("has_key", [False, True])
def test_a_key_that_the_host_does_not_take_is_told(
    hosts: tuple[Path, Path], sftp: SftpAddress, home: Path, has_key: bool
) -> None:
    know(home, sftp)
    if has_key:
        own(home, paramiko.ECDSAKey.generate())
    error = refusal(sftp.url(hosts[0]))
    assert isinstance(error, HostError)
    assert "ssh-agent" in str(error)


def test_a_password_in_an_address_is_not_printed(home: Path) -> None:  # noqa: ARG001 - set up first
    error = refusal(f"sftp://me:a-secret@127.0.0.1:{free_port()}/runs/1")
    assert "a-secret" not in str(error)
    assert "sftp://me@127.0.0.1" in str(error)


def test_a_host_that_is_down_is_told(home: Path) -> None:  # noqa: ARG001 - set up first
    error = refusal(f"sftp://127.0.0.1:{free_port()}/runs/1")
    assert isinstance(error, HostError)
    assert "check the address" in str(error)


def test_a_host_that_speaks_no_ssh_is_told(s3: str, home: Path) -> None:  # noqa: ARG001 - set up first
    error = refusal(f"sftp://127.0.0.1:{s3.rsplit(':', 1)[1]}/runs/1")
    assert isinstance(error, HostError)


@pytest.mark.parametrize(
    ("url", "package", "extra"),
    [("s3://b/run", "s3fs", "yoyak[aws]"), ("sftp://h/run", "paramiko", "yoyak[sftp]")],
)
def test_a_package_that_is_missing_is_told_with_how_to_get_it(
    url: str, package: str, extra: str
) -> None:
    # None in sys.modules is how Python itself says that a module cannot be imported.
    script = (
        f"import sys; sys.modules[{package!r}] = None\n"
        "from yoyak.cli.main import run_command_line\n"
        f"sys.exit(run_command_line(['report', {url!r}]))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 3
    assert ended.stderr.startswith("error: ")
    assert ended.stderr.count("\n") == 1
    assert f"pip install '{extra}'" in ended.stderr


def test_a_comparison_does_not_copy_records_that_it_does_not_need(
    hosts: tuple[Path, Path],
) -> None:
    with located(f"file://{hosts[0]}", records=False) as path:
        assert sorted(file.name for file in path.iterdir()) == ["manifest.json", "perf.json"]
    with located(f"file://{hosts[0]}/perf.json") as path:
        assert isinstance(read_located(path), Perf)
