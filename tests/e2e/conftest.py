"""What tests of several folders share."""

from collections.abc import Iterator

import pytest
from tests.trace_store.running import TraceStore, trace_store

ANY_ADDRESS = "0.0.0.0"  # noqa: S104 - containers reach the store at the bridge's


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TraceStore]:
    """One trace store for all: to start it takes longer than to ask it."""
    with trace_store(tmp_path_factory.mktemp("store"), bind=ANY_ADDRESS) as running:
        yield running
