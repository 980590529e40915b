"""Who serves an address, in a /proc with the networks of several containers."""

import ipaddress
from pathlib import Path

import pytest
from tests.unit.yoyak.host.fake_proc import FakeProc

from yoyak.host.find import find_listening_pid
from yoyak.host.find_anywhere import (
    Address,
    Listener,
    address_of,
    find_listener,
    find_loopback_listener,
)

OLLAMA = ipaddress.ip_address("172.18.0.3")
HOST = ipaddress.ip_address("10.0.0.7")
HEADER = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid ...\n"
EVERYWHERE = "00000000"
LOOPBACK = "0100007F"


def trie(*addresses: Address) -> str:
    entries = "".join(f"           |-- {one}\n              /32 host LOCAL\n" for one in addresses)
    broadcast = "        |-- 172.18.255.255\n              /32 link BROADCAST\n"
    return f"Main:\n  +-- 0.0.0.0/1 2 0 2\n{entries}{broadcast}"


class Network:
    """A network namespace: its addresses and listening sockets, seen by each of its processes."""

    def __init__(self, proc: FakeProc, *addresses: Address) -> None:
        self.proc = proc
        self.trie = trie(ipaddress.ip_address("127.0.0.1"), *addresses)
        self.sockets: list[tuple[str, int, int, str]] = []
        self.folders: list[Path] = []

    def listen(self, local: str, port: int, inode: int, *, state: str = "0A") -> "Network":
        self.sockets.append((local, port, inode, state))
        return self

    def process(self, pid: int, parent: int, command: str, *, holds: int | None = None) -> None:
        """Add a process; `holds` is a socket that it shows us."""
        self.proc.process(pid, parent, starttime=pid, name=command.partition(" ")[0])
        folder = self.proc.root / f"proc/{pid}"
        (folder / "cmdline").write_text(command.replace(" ", "\0"))
        (folder / "comm").write_text(command.partition(" ")[0].rpartition("/")[2])
        if holds is not None:
            (folder / "fd").mkdir()
            (folder / "fd/3").symlink_to(f"socket:[{holds}]")
        self.show(folder / "net")

    def show(self, net: Path) -> None:
        """Write what is seen in a /proc/PID/net."""
        net.mkdir(parents=True)
        rows = "".join(
            f"   0: {local}:{port:04X} 00000000:0000 {state} 0:0 00:0 0  0  0 {inode} 1 0\n"
            for local, port, inode, state in self.sockets
        )
        (net / "tcp").write_text(HEADER + rows)
        (net / "fib_trie").write_text(self.trie)


@pytest.fixture
def host(fake_proc: FakeProc) -> Network:
    """The host's own network, with its init and a daemon."""
    network = Network(fake_proc, HOST)
    network.process(1, 0, "/sbin/init")
    network.process(90, 1, "/usr/bin/containerd-shim")
    return network


@pytest.fixture
def container(fake_proc: FakeProc, host: Network) -> Network:
    """A container's network, in which something listens on 11434."""
    assert host.proc is fake_proc
    return Network(fake_proc, OLLAMA).listen(EVERYWHERE, 11434, 555)


def found(network: Network, *, program: str | None = "ollama") -> Listener:
    return find_listener([OLLAMA], 11434, program=program, root=network.proc.root)


def test_who_holds_a_containers_socket_is_found_by_the_containers_address(
    container: Network,
) -> None:
    container.process(200, 90, "/bin/ollama serve", holds=555)
    container.process(201, 200, "/usr/lib/ollama/llama-server --port 40123")
    assert found(container) == Listener(200, None)


def test_where_no_process_shows_its_sockets_the_containers_first_one_is_it(
    container: Network,
) -> None:
    container.process(200, 90, "/bin/ollama serve")
    container.process(201, 200, "/usr/lib/ollama/llama-server --port 40123")
    assert found(container, program=None) == Listener(200, None)


def test_a_shell_that_somebody_opened_in_the_container_is_not_taken_for_the_engine(
    container: Network,
) -> None:
    container.process(200, 90, "/bin/ollama serve")
    container.process(300, 90, "/bin/sh")
    assert found(container) == Listener(200, None)
    assert found(container, program=None) == Listener(None, "hidden")


def test_two_that_could_be_it_are_none(container: Network) -> None:
    container.process(200, 90, "/bin/ollama serve")
    container.process(300, 90, "/bin/ollama serve")
    assert found(container) == Listener(None, "several")


def test_two_containers_with_the_same_address_are_none(
    container: Network, fake_proc: FakeProc
) -> None:
    container.process(200, 90, "/bin/ollama serve")
    twin = Network(fake_proc, OLLAMA).listen(EVERYWHERE, 11434, 777)
    twin.process(400, 90, "/bin/ollama serve")
    assert found(container) == Listener(None, "several")


def test_the_same_port_in_another_container_is_not_it(
    container: Network, fake_proc: FakeProc
) -> None:
    container.process(200, 90, "/bin/ollama serve")
    other = Network(fake_proc, ipaddress.ip_address("172.18.0.9")).listen(EVERYWHERE, 11434, 777)
    other.process(400, 90, "/bin/ollama serve")
    assert found(container) == Listener(200, None)


def test_an_address_that_nobody_here_has_is_elsewhere(container: Network) -> None:
    container.process(200, 90, "/bin/ollama serve")
    remote = [ipaddress.ip_address("203.0.113.5")]
    assert find_listener(remote, 11434, root=container.proc.root) == Listener(None, "elsewhere")
    assert find_listener([], 11434, root=container.proc.root) == Listener(None, "elsewhere")


def test_a_server_on_the_containers_loopback_alone_does_not_serve_its_address(
    fake_proc: FakeProc,
) -> None:
    inside = Network(fake_proc, OLLAMA).listen(LOOPBACK, 11434, 555)
    inside.process(200, 90, "/bin/ollama serve", holds=555)
    assert found(inside) == Listener(None, "elsewhere")


def test_a_connection_is_no_listener(fake_proc: FakeProc) -> None:
    inside = Network(fake_proc, OLLAMA).listen(EVERYWHERE, 11434, 555, state="01")
    inside.process(200, 90, "/bin/ollama serve", holds=555)
    assert found(inside) == Listener(None, "elsewhere")


def test_in_the_hosts_own_network_everybody_descends_from_init_so_a_name_must_decide(
    fake_proc: FakeProc,
) -> None:
    network = Network(fake_proc, HOST).listen(EVERYWHERE, 11434, 555)
    network.process(1, 0, "/sbin/init")
    network.process(50, 1, "/usr/sbin/sshd")
    network.process(60, 1, "/usr/local/bin/ollama serve")
    root = fake_proc.root
    assert find_listener([HOST], 11434, program="ollama", root=root) == Listener(60, None)
    assert find_listener([HOST], 11434, root=root) == Listener(None, "hidden")


def test_a_published_port_leads_through_docker_proxy_into_the_container(
    container: Network, fake_proc: FakeProc
) -> None:
    container.process(200, 90, "/bin/ollama serve")
    published = Network(fake_proc, HOST).listen(LOOPBACK, 8434, 888)
    proxy = (
        "/usr/bin/docker-proxy -proto tcp -host-ip 127.0.0.1 -host-port 8434 "
        f"-container-ip {OLLAMA} -container-port 11434"
    )
    published.process(500, 1, proxy, holds=888)
    published.show(fake_proc.root / "proc/net")
    loopback = find_loopback_listener(8434, program="ollama", root=fake_proc.root)
    assert loopback == Listener(200, None)


def test_a_tunnel_is_not_taken_for_the_engine_at_its_other_end(fake_proc: FakeProc) -> None:
    host = Network(fake_proc, HOST).listen(LOOPBACK, 11434, 888)
    host.process(500, 1, "/usr/bin/ssh -L 11434:gpu-box:11434 gpu-box", holds=888)
    host.process(600, 1, "/usr/local/bin/ollama serve")  # another, on another port
    host.show(fake_proc.root / "proc/net")
    found = find_loopback_listener(11434, program="ollama", root=fake_proc.root)
    assert found == Listener(None, "elsewhere")
    assert find_listening_pid(11434, fake_proc.root) is None


def test_docker_proxy_need_not_show_its_sockets_for_its_arguments_tell(
    container: Network, fake_proc: FakeProc
) -> None:
    container.process(200, 90, "/bin/ollama serve")
    published = Network(fake_proc, HOST).listen(LOOPBACK, 8434, 888)
    proxy = f"/usr/bin/docker-proxy -host-port 8434 -container-ip {OLLAMA} -container-port 11434"
    published.process(500, 1, proxy)
    published.show(fake_proc.root / "proc/net")
    assert find_loopback_listener(8434, root=fake_proc.root) == Listener(200, None)
    published.process(501, 1, proxy.replace("8434", "9999"))
    assert find_loopback_listener(8434, root=fake_proc.root) == Listener(200, None)


def test_a_port_that_the_kernel_forwards_leads_to_the_only_one_of_that_name(
    container: Network, fake_proc: FakeProc
) -> None:
    container.process(200, 90, "/bin/ollama serve")
    Network(fake_proc, HOST).show(fake_proc.root / "proc/net")
    root = fake_proc.root
    assert find_loopback_listener(8434, program="ollama", root=root) == Listener(200, None)
    assert find_loopback_listener(8434, root=root) == Listener(None, "elsewhere")
    container.process(300, 90, "/bin/ollama serve")
    assert find_loopback_listener(8434, program="ollama", root=root) == Listener(None, "several")


def test_a_port_of_another_containers_loopback_is_not_ours(
    container: Network, fake_proc: FakeProc
) -> None:
    container.process(200, 90, "/opt/llama-server", holds=555)
    Network(fake_proc, HOST).show(fake_proc.root / "proc/net")
    assert find_loopback_listener(11434, root=fake_proc.root) == Listener(None, "elsewhere")


def test_ipv6_interfaces_and_sockets_are_read(fake_proc: FakeProc) -> None:
    inside = Network(fake_proc, OLLAMA)
    inside.process(200, 90, "/bin/ollama serve", holds=555)
    net = fake_proc.root / "proc/200/net"
    row = f"   0: {'0' * 32}:{11434:04X} {'0' * 32}:0000 0A 0:0 00:0 0  0  0 555 1 0\n"
    (net / "tcp6").write_text(HEADER + row)
    (net / "if_inet6").write_text("fd00000000000000000000000000002a 02 40 00 80     eth0\n")
    address = ipaddress.ip_address("fd00::2a")
    assert find_listener([address], 11434, root=fake_proc.root) == Listener(200, None)
    assert found(inside) == Listener(200, None)  # a socket of both families


def test_addresses_are_read_in_the_kernels_byte_order() -> None:
    assert address_of("0300A8C0") == ipaddress.ip_address("192.168.0.3")
    assert address_of("0000000000000000FFFF00000300A8C0") == ipaddress.ip_address("192.168.0.3")
    assert address_of("B80D01200000000000000000010000" + "00") == ipaddress.ip_address(
        "2001:db8::1"
    )


def test_a_proc_that_shows_nothing_is_elsewhere(tmp_path: Path) -> None:
    assert find_listener([OLLAMA], 11434, root=tmp_path) == Listener(None, "elsewhere")
    assert find_loopback_listener(11434, root=tmp_path) == Listener(None, "elsewhere")
