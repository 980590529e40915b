import logging

import pytest
from tests.unit.yoyak.host.replayed_nvml import ReplayedNvml

from yoyak.host.gpu import Gpus, open_gpus, throttle_reasons
from yoyak.host.nvml import NvmlFailure, devices, plain, record
from yoyak.records.sample import GpuSample

NOT_SUPPORTED, NO_PERMISSION, FUNCTION_NOT_FOUND, LOST, UNKNOWN = 3, 4, 13, 15, 999
DRIVER_NOT_LOADED, LIBRARY_NOT_FOUND = 9, 12
INSUFFICIENT_POWER, CORRUPTED_INFOROM, DEPRECATED, NOT_READY = 8, 14, 26, 27
ENGINE = {4242}


def gpus(nvml: ReplayedNvml, *, sees_host_pids: bool = True) -> Gpus:
    return Gpus(nvml, sees_host_pids=sees_host_pids)


def test_readings_come_in_base_units() -> None:
    (sample,) = gpus(ReplayedNvml("a10g")).sample(ENGINE)
    assert sample == GpuSample(
        index=0,
        uuid="GPU-11111111-2222-3333-4444-555555555555",
        parent_uuid=None,
        name="NVIDIA A10G",
        utilization_ratio=0.97,
        memory_used_bytes=5047549952,
        memory_total_bytes=24146608128,
        power_w=241.35,
        energy_j=98765432.1,
        temperature_c=58.0,
        sm_clock_hz=1_695_000_000,
        throttle_reasons=("sw_power_cap",),
        engine_memory_bytes=5033164800,
    )


def test_what_a_board_does_not_support_is_unknown() -> None:
    nvml = ReplayedNvml("a10g")
    nvml.refuse("nvmlDeviceGetTotalEnergyConsumption 0", NOT_SUPPORTED)
    nvml.refuse("nvmlDeviceGetPowerUsage 0", NO_PERMISSION)
    (sample,) = gpus(nvml).sample(ENGINE)
    assert (sample.energy_j, sample.power_w) == (None, None)
    assert sample.temperature_c == 58.0


def test_idling_is_no_throttling() -> None:
    assert throttle_reasons(0x1) == ()
    assert throttle_reasons(0x4 | 0x40) == ("sw_power_cap", "hw_thermal_slowdown")


def test_an_older_driver_tells_its_throttle_reasons_by_their_older_name() -> None:
    nvml = ReplayedNvml("a10g")
    nvml.refuse("nvmlDeviceGetCurrentClocksEventReasons 0", FUNCTION_NOT_FOUND)
    nvml.answers["nvmlDeviceGetCurrentClocksThrottleReasons 0"] = 0x20
    (sample,) = gpus(nvml).sample(ENGINE)
    assert sample.throttle_reasons == ("sw_thermal_slowdown",)


def test_reasons_that_no_driver_tells_are_unknown_and_not_none_of_them() -> None:
    nvml = ReplayedNvml("a10g")
    nvml.refuse("nvmlDeviceGetCurrentClocksEventReasons 0", NOT_SUPPORTED)
    nvml.refuse("nvmlDeviceGetCurrentClocksThrottleReasons 0", NOT_SUPPORTED)
    (sample,) = gpus(nvml).sample(ENGINE)
    assert sample.throttle_reasons is None


def test_an_engine_without_gpu_memory_has_zero_where_pids_mean_the_same() -> None:
    (sample,) = gpus(ReplayedNvml("a10g")).sample({9999})
    assert sample.engine_memory_bytes == 0


def test_in_a_containers_pid_namespace_no_match_is_unknown() -> None:
    (sample,) = gpus(ReplayedNvml("a10g"), sees_host_pids=False).sample({9999})
    assert sample.engine_memory_bytes is None


def test_a_process_of_both_kinds_counts_once() -> None:
    nvml = ReplayedNvml("a10g")
    listed = nvml.answers["nvmlDeviceGetComputeRunningProcesses 0"]
    nvml.answers["nvmlDeviceGetGraphicsRunningProcesses 0"] = listed
    (sample,) = gpus(nvml).sample(ENGINE)
    assert sample.engine_memory_bytes == 5033164800


def test_memory_that_the_driver_does_not_tell_makes_the_sum_unknown() -> None:
    nvml = ReplayedNvml("a10g")
    nvml.answers["nvmlDeviceGetComputeRunningProcesses 0"][0]["usedGpuMemory"] = None
    (sample,) = gpus(nvml).sample({4242, 777})
    assert sample.engine_memory_bytes is None


def test_mig_instances_are_entries_beside_their_board() -> None:
    board, empty, used = gpus(ReplayedNvml("h100_mig")).sample(ENGINE)
    assert [s.uuid for s in (empty, used)] == [
        "MIG-00000000-aaaa-bbbb-cccc-dddddddddddd",
        "MIG-00000002-aaaa-bbbb-cccc-dddddddddddd",
    ]
    assert empty.parent_uuid == used.parent_uuid == board.uuid
    assert (board.parent_uuid, board.utilization_ratio) == (None, None)
    assert used.memory_used_bytes == 4053254144
    assert (used.engine_memory_bytes, empty.engine_memory_bytes) == (4000000000, 0)


def test_sums_over_a_board_and_its_instances_count_everything_once() -> None:
    samples = gpus(ReplayedNvml("h100_mig")).sample(ENGINE)
    assert [s.energy_j for s in samples] == [5000.0, None, None]
    assert [s.power_w for s in samples] == [187.0, None, None]
    assert sum(s.engine_memory_bytes or 0 for s in samples) == 4000000000
    assert samples[0].engine_memory_bytes is None
    assert samples[0].throttle_reasons == ("hw_slowdown", "hw_thermal_slowdown")


def test_a_driver_that_dies_ends_the_samples_with_one_log_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    nvml = ReplayedNvml("h100_mig")
    all_gpus = gpus(nvml)
    assert len(all_gpus.sample(ENGINE)) == 3
    nvml.refuse_everything(UNKNOWN)
    with caplog.at_level(logging.INFO):
        assert [all_gpus.sample(ENGINE) for _ in range(3)] == [(), (), ()]
    assert [record.getMessage() for record in caplog.records] == [
        "the GPU driver failed, no GPU is sampled any more: NVML error 999"
    ]


@pytest.mark.parametrize(
    ("code", "level"), [(LIBRARY_NOT_FOUND, logging.INFO), (DRIVER_NOT_LOADED, logging.WARNING)]
)
def test_a_host_without_a_driver_says_so_in_one_line_and_one_in_trouble_warns(
    code: int, level: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuses() -> None:
        raise NvmlFailure(code, "not here")

    monkeypatch.setattr("yoyak.host.gpu.DriverNvml", refuses)
    with caplog.at_level(logging.INFO):
        assert open_gpus() is None
    assert [(record.levelno, record.getMessage()) for record in caplog.records] == [
        (level, "no GPU is sampled: not here")
    ]


def two_boards() -> ReplayedNvml:
    nvml = ReplayedNvml("a10g")
    nvml.answers["nvmlDeviceGetCount"] = 2
    for call, answer in list(nvml.answers.items()):
        if call.endswith(" 0"):
            nvml.answers[f"{call[:-2]} 1"] = answer
    return nvml


@pytest.mark.parametrize("code", [LOST, INSUFFICIENT_POWER])
def test_a_gpu_that_is_lost_from_the_beginning_leaves_the_others(
    code: int, caplog: pytest.LogCaptureFixture
) -> None:
    nvml = two_boards()
    for call in [call for call in nvml.answers if call.endswith(" 0")]:
        nvml.refuse(call, code)
    with caplog.at_level(logging.INFO):
        assert [s.index for s in gpus(nvml).sample(ENGINE)] == [1]
    assert [record.getMessage() for record in caplog.records] == [
        f"GPU 0 is lost and not sampled: NVML error {code}"
    ]


@pytest.mark.parametrize("code", [CORRUPTED_INFOROM, DEPRECATED, NOT_READY])
def test_a_call_that_a_driver_does_not_answer_any_more_or_yet_ends_no_sampling(code: int) -> None:
    nvml = ReplayedNvml("a10g")
    nvml.refuse("nvmlDeviceGetTemperature 0", code)
    (sample,) = gpus(nvml).sample(ENGINE)
    assert (sample.temperature_c, sample.utilization_ratio) == (None, 0.97)


def test_a_gpu_that_is_lost_leaves_the_others(caplog: pytest.LogCaptureFixture) -> None:
    nvml = two_boards()
    all_gpus = gpus(nvml)
    assert [s.index for s in all_gpus.sample(ENGINE)] == [0, 1]
    nvml.refuse("nvmlDeviceGetUtilizationRates 0", LOST)
    with caplog.at_level(logging.INFO):
        assert [[s.index for s in all_gpus.sample(ENGINE)] for _ in range(2)] == [[1], [1]]
    assert len(caplog.records) == 1


def test_the_boards_names_are_the_accelerator() -> None:
    assert gpus(ReplayedNvml("a10g")).names == ("NVIDIA A10G",)
    assert gpus(ReplayedNvml("h100_mig")).names == ("NVIDIA H100 80GB HBM3",)
    assert gpus(ReplayedNvml("a10g")).driver_version == "580.95.05"


@pytest.mark.parametrize("name", ["a10g", "h100_mig"])
def test_a_recording_of_a_replay_is_the_replay(name: str) -> None:
    nvml = ReplayedNvml(name)
    asked = record(nvml)
    assert asked.items() <= nvml.answers.items()
    assert {f"nvmlDeviceGetMemoryInfo {label}" for label in devices(nvml)} <= asked.keys()


def test_a_structure_of_ctypes_becomes_a_dict() -> None:
    import ctypes

    class Utilization(ctypes.Structure):
        _fields_ = (("gpu", ctypes.c_uint), ("memory", ctypes.c_uint))

    assert plain([Utilization(97, 61), 5, "x", None]) == [{"gpu": 97, "memory": 61}, 5, "x", None]
