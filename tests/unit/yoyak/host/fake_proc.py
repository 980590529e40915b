"""Processes written by hand: what the kernel would answer, process by process."""

from pathlib import Path


class FakeProc:
    """A /proc that a test writes: what the kernel would answer, process by process."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def process(
        self,
        pid: int,
        parent: int = 1,
        *,
        cpu_ticks: int = 0,
        children_ticks: int = 0,
        rss_mib: int = 1,
        peak_mib: int | None = None,
        starttime: int = 1000,
        state: str = "S",
        name: str = "engine",
    ) -> None:
        directory = self.root / "proc" / str(pid)
        directory.mkdir(parents=True, exist_ok=True)
        pages = rss_mib * 256
        (directory / "stat").write_text(
            f"{pid} ({name}) {state} {parent} {pid} {pid} 0 -1 4194304 96 0 0 0 "
            f"{cpu_ticks} 0 {children_ticks} 0 20 0 3 0 {starttime} 3133440 {pages} "
            "18446744073709551615\n"
        )
        peak = rss_mib if peak_mib is None else peak_mib
        (directory / "status").write_text(
            f"Name:\t{name}\nPid:\t{pid}\nVmPeak:\t 99999 kB\nVmHWM:\t{peak * 1024:8} kB\n"
            f"VmRSS:\t{rss_mib * 1024:8} kB\nRssAnon:\t{rss_mib * 768:8} kB\n"
            f"RssFile:\t{rss_mib * 256:8} kB\nRssShmem:\t       0 kB\nThreads:\t3\n"
        )

    def end(self, pid: int) -> None:
        """Make a process vanish, also for who has its files open: the kernel then says ESRCH."""
        directory = self.root / "proc" / str(pid)
        for name in ("stat", "status"):
            (directory / name).write_text("")
            (directory / name).unlink()
        directory.rmdir()
