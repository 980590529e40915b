"""A Grafana of our own, and two runs to publish."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.data_factories.benchmark_run import HostSpeed, a_run
from tests.data_factories.run_folder import write_run
from tests.integration.publishing.grafana_server import GrafanaState, grafana_server


@pytest.fixture(autouse=True)
def _no_login_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for service in ("GRAFANA", "PUSHGATEWAY"):
        for name in ("URL", "TOKEN", "TOKEN_FILE", "USER", "PASSWORD", "PASSWORD_FILE", "CA_FILE"):
            monkeypatch.delenv(f"{service}_{name}", raising=False)


@pytest.fixture
def state() -> GrafanaState:
    return GrafanaState(
        data_sources=[
            {"name": "Prometheus", "uid": "prom", "type": "prometheus", "url": "http://p"}
        ]
    )


@pytest.fixture
def grafana(state: GrafanaState, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("GRAFANA_TOKEN", "of-an-admin")
    with grafana_server(state) as url:
        yield url


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Two small finished runs, by instance type."""
    folder = tmp_path_factory.mktemp("runs")
    return {
        kind: write_run(
            a_run(
                articles=2,
                repetitions=3,
                output_tokens=4,
                samples_per_s=1,
                speed=HostSpeed(instance_type=kind),
            ),
            folder / kind,
        )
        for kind in ("r5.4xlarge", "c7g.4xlarge")
    }
