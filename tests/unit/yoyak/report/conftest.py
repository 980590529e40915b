"""Runs and comparisons that are made once: they are read only."""

import pytest
from tests.data_factories.benchmark_run import (
    HostSpeed,
    a_comparison,
    a_run,
    finished,
    historical_results,
)

from yoyak.analysis.compare import compare
from yoyak.analysis.comparison import Comparison
from yoyak.store.run_folder import Run


@pytest.fixture(scope="session")
def run() -> Run:
    """A finished run with a GPU, two failed requests and samples."""
    return finished(a_run(failures=2, speed=HostSpeed(gpus=1)))


@pytest.fixture(scope="session")
def comparison() -> Comparison:
    """Four hosts that did the same work."""
    return a_comparison()


@pytest.fixture(scope="session")
def old_study() -> Comparison:
    """The five hosts of the old study: tables, no verdict."""
    return compare(historical_results())
