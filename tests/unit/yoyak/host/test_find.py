from pathlib import Path

from tests.unit.yoyak.host.fake_proc import FakeProc

from yoyak.host.find import (
    find_listening_pid,
    find_pid_of_namespace,
    find_pids_by_command,
)

HEADER = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid ...\n"


def listen(root: Path, table: str, address: str, port: int, inode: int, state: str = "0A") -> None:
    net = root / "proc/net"
    net.mkdir(parents=True, exist_ok=True)
    path = net / table
    line = (
        f"   0: {address}:{port:04X} 00000000:0000 {state} 0:0 00:0 0     0        0 {inode} 1 0\n"
    )
    path.write_text((path.read_text() if path.exists() else HEADER) + line)


def hold(root: Path, pid: int, inode: int, comm: str = "ollama") -> None:
    descriptors = root / f"proc/{pid}/fd"
    descriptors.mkdir(exist_ok=True)
    (descriptors / "0").symlink_to("/dev/null")
    (descriptors / "3").symlink_to(f"socket:[{inode}]")
    (root / f"proc/{pid}/comm").write_text(f"{comm}\n")


def test_the_listener_of_an_ipv4_port_is_found(fake_proc: FakeProc) -> None:
    fake_proc.process(40)
    fake_proc.process(41)
    hold(fake_proc.root, 41, 5555)
    listen(fake_proc.root, "tcp", "0100007F", 11434, 5555)
    assert find_listening_pid(11434, fake_proc.root) == 41
    assert find_listening_pid(11435, fake_proc.root) is None


def test_the_listener_of_an_ipv6_port_is_found(fake_proc: FakeProc) -> None:
    fake_proc.process(41)
    hold(fake_proc.root, 41, 5555)
    listen(fake_proc.root, "tcp6", "0" * 32, 11434, 5555)
    assert find_listening_pid(11434, fake_proc.root) == 41


def test_a_connection_from_that_port_is_no_listener(fake_proc: FakeProc) -> None:
    fake_proc.process(41)
    hold(fake_proc.root, 41, 5555)
    listen(fake_proc.root, "tcp", "0100007F", 11434, 5555, state="01")
    assert find_listening_pid(11434, fake_proc.root) is None


def test_of_workers_that_share_a_socket_the_eldest_is_taken(fake_proc: FakeProc) -> None:
    for pid, starttime in ((41, 2000), (90, 1000), (42, 2001)):
        fake_proc.process(pid, starttime=starttime)
        hold(fake_proc.root, pid, 5555)
    listen(fake_proc.root, "tcp", "0100007F", 8080, 5555)
    assert find_listening_pid(8080, fake_proc.root) == 90


def test_who_only_forwards_a_port_into_a_container_is_not_the_engine(fake_proc: FakeProc) -> None:
    fake_proc.process(41)
    hold(fake_proc.root, 41, 5555, comm="docker-proxy")
    listen(fake_proc.root, "tcp", "00000000", 11434, 5555)
    assert find_listening_pid(11434, fake_proc.root) is None


def test_a_program_is_found_by_its_name_whatever_its_path(fake_proc: FakeProc) -> None:
    for pid, command in (
        (41, "/usr/bin/ollama\0serve\0"),
        (42, "python3\0/opt/ollama-exporter\0"),
        (43, "ollama\0run\0"),
    ):
        fake_proc.process(pid, starttime=pid)
        (fake_proc.root / f"proc/{pid}/cmdline").write_text(command)
    assert find_pids_by_command("ollama", fake_proc.root) == (41, 43)


def test_a_containers_own_pid_is_translated(fake_proc: FakeProc) -> None:
    for pid, namespace, numbers in ((700, 4026532281, "700\t7"), (701, 4026532999, "701\t7")):
        fake_proc.process(pid)
        (fake_proc.root / f"proc/{pid}/ns").mkdir()
        (fake_proc.root / f"proc/{pid}/ns/pid").symlink_to(f"pid:[{namespace}]")
        with (fake_proc.root / f"proc/{pid}/status").open("a") as status:
            status.write(f"NSpid:\t{numbers}\n")
    assert find_pid_of_namespace(7, 4026532281, fake_proc.root) == 700
    assert find_pid_of_namespace(8, 4026532281, fake_proc.root) is None
    assert find_pid_of_namespace(7, 4026530000, fake_proc.root) is None


def test_a_host_that_tells_nothing_has_no_listener(tmp_path: Path) -> None:
    assert find_listening_pid(80, tmp_path) is None
    assert find_pids_by_command("ollama", tmp_path) == ()
