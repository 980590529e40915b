"""One Prometheus that has scraped two replayed hosts while each played a recorded run."""

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass

import pytest
from tests.integration.prometheus.recorded import HOSTS, recorded
from tests.integration.prometheus.running import (
    ROOT,
    Prometheus,
    program,
    prometheus,
    replayed_host,
    scrape_config,
    wait_until,
)

from yoyak.store.codec import to_json
from yoyak.store.run_folder import PERF, Run


@dataclass(frozen=True, slots=True)
class Played:
    """What there is to ask, and what it must say."""

    prometheus: Prometheus
    runs: Mapping[str, Run]  # by instance type, with their results
    at_s: float  # Unix time of a moment after the runs at which all of them is known
    over_s: float  # seconds from before the runs until then


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    program("prometheus")  # skips before anything is started
    folder = tmp_path_factory.mktemp("prometheus")
    runs = {name: recorded(name) for name in HOSTS}
    for name, run in runs.items():
        assert run.perf is not None
        path = folder / "runs" / name / PERF
        path.parent.mkdir(parents=True)
        path.write_text(to_json(run.perf))
    with ExitStack() as stack:
        hosts = [
            stack.enter_context(
                replayed_host(
                    instance_type=name,
                    nvml="a10g" if speed.gpus else None,
                    runs=[str(folder / "runs"), str(ROOT / "examples/ec2")],
                )
            )
            for name, speed in HOSTS.items()
        ]
        config = scrape_config(
            [f"127.0.0.1:{host.port}" for host in hosts], runs=f"127.0.0.1:{hosts[0].runs_port}"
        )
        server = stack.enter_context(prometheus(config, folder / "prometheus"))
        _wait_for_scrapes(server, count=2)
        began_s = time.time()
        for host in hosts:
            host.tell("play")
        played_s = time.time()
        at_s = server.settled_s(played_s)
        yield Played(server, runs, at_s, at_s - began_s)


def _wait_for_scrapes(server: Prometheus, count: int) -> None:
    def scraped() -> bool:
        found = server.query("count_over_time(up[1m])")
        jobs = {series["metric"]["job"] for series in found}
        often = all(float(series["value"][1]) >= count for series in found)
        are_up = server.value("min(up)") == 1
        return often and are_up and jobs == {"summarizer", "crawler", "runs"} and len(found) == 5

    wait_until(scraped, "every target was scraped")
