"""An engine in another network or pid namespace is found by its address, or not at all."""

import ipaddress
import os
import subprocess
import sys
from subprocess import PIPE

from tests.integration.host.children import LISTENS as LISTENS_HERE
from tests.integration.host.children import child
from tests.integration.host.namespaces import TELLS_ITS_PID, as_nobody, listening, need, running

from yoyak.engines.http_address import Address
from yoyak.engines.local_process import LocalProcess
from yoyak.host.find import find_pid_of_namespace
from yoyak.host.find_anywhere import Listener, find_listener, find_loopback_listener
from yoyak.host.sampler import Sampler

ADDRESS = "10.98.7.6"  # of nobody but the namespaces that these tests make
PORT = 11434


def found(address: str = ADDRESS, port: int = PORT, program: str | None = None) -> Listener:
    return find_listener([ipaddress.ip_address(address)], port, program=program)


def test_who_listens_in_another_network_is_found_and_sampled() -> None:
    need("unshare", "ip")
    with listening(ADDRESS, PORT) as pid:
        assert found() == Listener(pid, None)
        process = LocalProcess(Address("http", ADDRESS, PORT))
        assert (process.pid(), process.why_not, process.is_local) == (pid, None, False)
        engine = Sampler(engine_pid=process.pid()).sample(0, pss=True).engine
        assert engine is not None
        assert engine.pid == pid
        assert (engine.rss_bytes or 0) > 0
        assert engine.pss_bytes is not None
    assert found() == Listener(None, "elsewhere")


def test_a_user_without_rights_finds_it_too_for_it_is_alone_in_its_network() -> None:
    need("unshare", "ip")
    with listening(ADDRESS, PORT) as pid:
        assert as_nobody(lambda: repr(found())) == repr(Listener(pid, None))


def test_a_health_check_that_runs_beside_the_server_is_waited_for() -> None:
    need("unshare", "ip", "nsenter")
    with listening(ADDRESS, PORT) as pid:
        network = f"--net=/proc/{pid}/ns/net"
        beside = ["nsenter", network, "sh", "-c", "echo in; exec sleep 0.5"]
        with subprocess.Popen(beside, stdout=PIPE) as check:
            assert check.stdout is not None
            check.stdout.readline()
            doubt = f"{Listener(None, 'hidden')} then {pid}"
            assert as_nobody(lambda: f"{found()} then {local_pid()}") == doubt


def local_pid() -> int | None:
    return LocalProcess(Address("http", ADDRESS, PORT)).pid()


def test_another_port_another_address_and_loopback_are_elsewhere() -> None:
    need("unshare", "ip")
    with listening(ADDRESS, PORT):
        assert found(port=PORT + 1) == Listener(None, "elsewhere")
        assert found("10.98.7.7") == Listener(None, "elsewhere")
        assert find_loopback_listener(PORT) == Listener(None, "elsewhere")


def test_a_server_on_the_other_networks_loopback_does_not_serve_its_address() -> None:
    need("unshare", "ip")
    with listening(ADDRESS, PORT, on="127.0.0.1"):
        assert found() == Listener(None, "elsewhere")


def test_two_networks_with_one_address_are_not_guessed_between() -> None:
    need("unshare", "ip")
    with listening(ADDRESS, PORT), listening(ADDRESS, PORT):
        assert found() == Listener(None, "several")
        process = LocalProcess(Address("http", ADDRESS, PORT))
        assert (process.pid(), process.why_not) == (None, "several")


def test_a_process_that_was_found_and_ended_is_looked_for_again() -> None:
    need("unshare", "ip")
    process = LocalProcess(Address("http", ADDRESS, PORT))
    with listening(ADDRESS, PORT) as first:
        assert process.pid() == first
    with listening(ADDRESS, PORT) as second:
        assert process.pid() == second


def test_a_pid_of_another_pid_namespace_is_translated_to_ours() -> None:
    need("unshare")
    inside = ("--pid", "--fork", "--kill-child", "--mount-proc")
    with running("unshare", *inside, sys.executable, "-c", TELLS_ITS_PID) as (outer, said):
        pid, namespace = (int(word) for word in said.split())
        ours = find_pid_of_namespace(pid, namespace)
        assert pid == 1
        assert ours is not None
        assert ours not in (pid, outer)
        assert os.stat(f"/proc/{ours}/ns/pid").st_ino == namespace  # noqa: PTH116 - a kernel link
    assert find_pid_of_namespace(pid, namespace) is None


def test_a_server_on_our_own_loopback_is_found_by_any_of_its_names() -> None:
    with child(LISTENS_HERE, "0") as server:
        port = int(server.said)
        for host in ("127.0.0.1", "localhost"):
            assert LocalProcess(Address("http", host, port)).pid() == server.pid
        assert find_loopback_listener(port) == Listener(server.pid, None)


def test_a_name_that_stands_for_nothing_is_elsewhere() -> None:
    process = LocalProcess(Address("http", "no-such-host.invalid", PORT))
    assert (process.pid(), process.why_not) == (None, "elsewhere")
