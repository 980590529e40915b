import os
from pathlib import Path

from yoyak.engines.native.recipe import Backend
from yoyak.engines.native.server import cpus_of, server_command


def command(backend: Backend = "cpu", *, cpus: tuple[int, ...] = (), **changed: int) -> list[str]:
    asked = {"threads": 2, "context": 4096, "batch": 512, "ubatch": 512, "parallel": 1, **changed}
    return server_command(
        Path("/cache/llama-server"), backend=backend, model=Path("/m.gguf"), cpus=cpus, **asked
    )


def value(of: list[str], name: str) -> str:
    return of[of.index(name) + 1]


def test_it_is_started_as_the_wheel_is() -> None:
    started = command(parallel=3)
    assert started[0] == "/cache/llama-server"
    assert value(started, "--ctx-size") == str(3 * 4096)
    assert (value(started, "--parallel"), value(started, "--threads-http")) == ("3", "14")
    assert (value(started, "--threads"), value(started, "--threads-batch")) == ("2", "2")
    assert (value(started, "--fit"), value(started, "--load-mode")) == ("off", "none")
    assert (value(started, "--cache-ram"), value(started, "--ubatch-size")) == ("0", "512")
    assert (value(started, "--host"), value(started, "--port")) == ("127.0.0.1", "0")
    assert {"--no-kv-unified", "--no-cache-prompt", "--no-ui", "--slots"} <= set(started)


def test_no_batch_is_above_the_context() -> None:
    started = command(context=256, batch=512)
    assert (value(started, "--batch-size"), value(started, "--ubatch-size")) == ("256", "256")


def test_the_whole_model_goes_to_a_gpu_and_none_of_it_else() -> None:
    assert value(command("cuda"), "--n-gpu-layers") == "999"
    assert "--n-gpu-layers" not in command("cpu")


def test_its_threads_are_bound_one_to_each_cpu_of_the_mask() -> None:
    started = command(cpus=(0, 1, 5))
    for suffix in ("", "-batch"):
        assert value(started, f"--cpu-mask{suffix}") == "23"
        assert value(started, f"--cpu-strict{suffix}") == "1"
    assert not any("--cpu-" in part for part in command())


def test_the_thread_that_drives_a_gpu_is_not_bound() -> None:
    allowed = os.sched_getaffinity(0)
    assert cpus_of("cpu", len(allowed)) == tuple(sorted(allowed))
    assert cpus_of("cuda", len(allowed)) == ()


def test_no_key_is_an_argument() -> None:
    assert not any("key" in part for part in command())
