"""The stack of a host with NVIDIA GPUs, as far as it can be seen on one without."""

import json
import subprocess
from pathlib import Path

import pytest
from tests.e2e.stack.compose import COMMAND_S, REPOSITORY, Stack
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


def built(*arguments: str) -> None:
    done = subprocess.run(
        ("docker", "build", "--quiet", "--file", "docker/nvidia.Dockerfile", *arguments, "."),
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=COMMAND_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def said_by(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ("docker", "run", "--rm", "--network", "none", "--read-only", *arguments),
        capture_output=True,
        text=True,
        timeout=COMMAND_S,
        check=False,
    )


@pytest.mark.usefixtures("engine")
def test_the_source_is_there_and_its_options_are_those_of_cuda_for_any_cpu() -> None:
    built("--target", "source", "--tag", "yoyak/summarizer-nvidia:source")
    done = said_by(
        "yoyak/summarizer-nvidia:source", "cat", "/source.options", "/source/CMakeLists.txt"
    )
    assert done.returncode == 0, done.stderr
    assert {"-DGGML_CUDA=ON", "-DGGML_NATIVE=OFF"} <= set(done.stdout.split())


@pytest.mark.usefixtures("engine")
def test_every_stage_but_the_cuda_compile_builds_and_a_missing_engine_is_named() -> None:
    built("--build-arg", "ENGINE=none", "--tag", "yoyak/summarizer-nvidia:without-engine")
    done = said_by(
        *("--entrypoint", "python3", "yoyak/summarizer-nvidia:without-engine"),
        *("-m", "yoyak.bench.stack.carried_engine", "/opt/llama", "/tmp"),  # noqa: S108 - in it
    )
    assert done.returncode == 3
    assert "holds no llama-server" in done.stderr
