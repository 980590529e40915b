"""One tiny synthetic model for all tests that only read it."""

import pytest

from yoyak.models import SynthResult, synth


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> SynthResult:
    return synth("tiny", tmp_path_factory.mktemp("models") / "tiny.gguf")
