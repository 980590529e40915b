"""The stack of a host with NVIDIA GPUs, as far as it can be seen on one without."""

import json
from pathlib import Path

import pytest
from tests.e2e.stack.compose import Stack
from tests.e2e.stack.conftest import EMBEDDED, a_stack

pytestmark = pytest.mark.timeout(900)

NVIDIA = ("compose.yaml", "docker/compose.nvidia.yaml")


@pytest.mark.usefixtures("engine")
def test_gpus_are_given_to_the_engine_and_shown_to_those_who_read_them(tmp_path: Path) -> None:
    stack = a_stack(tmp_path, files=NVIDIA)
    services = json.loads(stack.compose("config", "--format", "json").stdout)["services"]
    devices = {
        name: service["deploy"]["resources"]["reservations"]["devices"][0]
        for name, service in services.items()
        if "deploy" in service
    }
    assert set(devices) == {"ollama", "summarizer", "runner"}
    assert {device["driver"] for device in devices.values()} == {"nvidia"}
    assert {device["count"] for device in devices.values()} == {-1}  # all of them


def test_without_a_gpu_the_engine_of_containers_says_what_is_missing(
    images: None,  # noqa: ARG001 - a fixture may not be marked with another
    tmp_path: Path,
) -> None:
    if Path("/dev/nvidiactl").exists():
        pytest.skip("this host has an NVIDIA GPU")
    gpu = tmp_path / "nvidia.yaml"  # of docker/compose.nvidia.yaml what concerns the summarizer
    given = json.loads(
        a_stack(tmp_path / "asked", files=NVIDIA).compose("config", "--format", "json").stdout
    )["services"]["summarizer"]["deploy"]
    gpu.write_text(json.dumps({"services": {"summarizer": {"deploy": given}}}))
    stack: Stack = a_stack(tmp_path, files=(*EMBEDDED, gpu))
    try:
        done = stack.compose("up", "--detach", "--no-build", "summarizer", succeeds=False)
        assert done.returncode != 0
        assert 'could not select device driver "nvidia"' in done.stderr
    finally:
        stack.down()
