"""NVIDIA's own binding and our calls, against a library that speaks NVML without a GPU."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from yoyak.host.nvml import BOARD_CALLS
from yoyak.host.sampler_handle import SamplerProcess

SOURCE = Path(__file__).with_name("fake_nvml.c")
COMPILER = shutil.which("cc")
DEADLINE_S = 20.0

needs_compiler = pytest.mark.skipif(COMPILER is None, reason="no C compiler on this host")


@pytest.fixture
def driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put the library where the loader finds it; return the file whose presence kills it."""
    folder = tmp_path / "driver"
    folder.mkdir()
    library = folder / "libnvidia-ml.so.1"
    command = [COMPILER or "cc", "-shared", "-fPIC", "-Wall", "-o", str(library), str(SOURCE)]
    subprocess.run(command, check=True, timeout=60)
    dead = tmp_path / "dead"
    monkeypatch.setenv("LD_LIBRARY_PATH", str(folder))
    monkeypatch.setenv("FAKE_NVML_DEAD", str(dead))
    monkeypatch.setenv("FAKE_NVML_PID", str(os.getpid()))
    return dead


@pytest.mark.usefixtures("driver")
@needs_compiler
def test_every_call_passes_through_the_binding() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "yoyak.host.nvml"],
        capture_output=True,
        check=True,
        timeout=DEADLINE_S,
    )
    answers = json.loads(done.stdout)
    assert {f"{call} 0" for call in BOARD_CALLS} <= answers.keys()
    assert answers["nvmlSystemGetDriverVersion"] == "580.95.05"
    assert answers["nvmlDeviceGetName 0"] == "NVIDIA A10G"
    assert answers["nvmlDeviceGetMigMode 0"] == {"nvml_error": 3}
    assert answers["nvmlDeviceGetUtilizationRates 0"] == {"gpu": 97, "memory": 61}
    assert answers["nvmlDeviceGetMemoryInfo 0"]["used"] == 5047549952
    assert answers["nvmlDeviceGetTemperature 0"] == 58
    assert answers["nvmlDeviceGetClockInfo 0"] == 1695
    # That function is not in the library: an older or newer driver than the binding's.
    assert answers["nvmlDeviceGetCurrentClocksThrottleReasons 0"] == {"nvml_error": 13}
    (process,) = answers["nvmlDeviceGetComputeRunningProcesses 0"]
    assert (process["pid"], process["usedGpuMemory"]) == (os.getpid(), 5033164800)


@needs_compiler
def test_a_driver_that_dies_in_mid_run_ends_the_gpu_samples_only(
    driver: Path, tmp_path: Path
) -> None:
    out = tmp_path / "samples.jsonl"

    def gpus() -> list[int]:
        lines = out.read_text().splitlines() if out.exists() else []
        return [len(json.loads(line)["gpus"]) for line in lines]

    with SamplerProcess(out=out, origin_ns=0, engine_pid=os.getpid()) as sampler:
        ends_s = time.monotonic() + DEADLINE_S
        while 1 not in gpus():
            assert time.monotonic() < ends_s
            time.sleep(0.02)
        driver.touch()
        while gpus()[-1] != 0:
            assert time.monotonic() < ends_s
            time.sleep(0.02)
        report = sampler.stop()
    assert report.failure is None
    assert report.log == ("the GPU driver failed, no GPU is sampled any more: Unknown Error",)
    assert gpus() == sorted(gpus(), reverse=True)
    (gpu,) = json.loads(out.read_text().splitlines()[0])["gpus"]
    assert gpu["engine_memory_bytes"] == 5033164800
    assert gpu["energy_j"] == 98765432.1


def test_a_host_without_a_driver_has_no_gpus_and_says_so_once(tmp_path: Path) -> None:
    with SamplerProcess(out=tmp_path / "samples.jsonl", origin_ns=0) as sampler:
        report = sampler.stop()
    if not any(Path("/dev").glob("nvidiactl")):
        assert report.log == ("no GPU is sampled: libnvidia-ml.so.1 is not installed",)
