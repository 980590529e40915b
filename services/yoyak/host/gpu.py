"""GPU samples from NVML's answers; a host without a GPU has none, and a lost driver ends them."""

import logging
from collections.abc import Collection, Mapping
from typing import Any

from yoyak.host.nvml import (
    DEVICE_LOST,
    LIBRARY_NOT_FOUND,
    DriverNvml,
    Nvml,
    NvmlFailure,
    devices,
    value_or_none,
)
from yoyak.host.proc import pid_namespace
from yoyak.records.sample import GpuSample
from yoyak.units import HZ_PER_MHZ, MILLIJOULES_PER_JOULE, MILLIWATTS_PER_WATT, PERCENT

log = logging.getLogger(__name__)

THROTTLE_REASONS: Mapping[int, str] = {  # bits of nvmlClocksEventReasons; 1, idle, is no throttle
    0x002: "applications_clocks_setting",
    0x004: "sw_power_cap",
    0x008: "hw_slowdown",
    0x010: "sync_boost",
    0x020: "sw_thermal_slowdown",
    0x040: "hw_thermal_slowdown",
    0x080: "hw_power_brake_slowdown",
    0x100: "display_clock_setting",
    0x200: "board_limit",
    0x400: "reliability",
}
_INITIAL_PID_NAMESPACE = 0xEFFFFFFC  # PROC_PID_INIT_INO: the host's own


def open_gpus() -> "Gpus | None":
    """Return the GPUs of this host, or None, with one log line, where NVML is not usable.

    Most hosts have no NVIDIA driver at all; one whose driver does not answer wants looking at.
    """
    try:
        return Gpus(DriverNvml(), sees_host_pids=pid_namespace() == _INITIAL_PID_NAMESPACE)
    except NvmlFailure as failure:
        level = logging.INFO if failure.code == LIBRARY_NOT_FOUND else logging.WARNING
        log.log(level, "no GPU is sampled: %s", failure)
        return None


class Gpus:
    """All GPUs and MIG instances, read together.

    A GPU that is lost has no samples any more, and if the driver itself fails none has; each with
    one log line. Both need a reset, and asking a dying driver again can hang for seconds.
    """

    def __init__(self, nvml: Nvml, *, sees_host_pids: bool) -> None:
        """List the devices, once: their number is fixed while the driver runs.

        Args:
            nvml: what answers the calls.
            sees_host_pids: whether the pids that NVML names mean the same to us. The driver
                counts in the host's namespace; in a container's own, no match is "unknown".

        Raises:
            NvmlFailure: the driver does not answer.
        """
        self._nvml = nvml
        self._sees_host_pids = sees_host_pids
        self._devices: list[str] = []
        self._identity: dict[str, tuple[str | None, str | None]] = {}
        for label in devices(nvml):
            try:
                self._identity[label] = (
                    value_or_none(nvml, "nvmlDeviceGetUUID", label),
                    value_or_none(nvml, "nvmlDeviceGetName", label),
                )
            except NvmlFailure as failure:
                if failure.code not in DEVICE_LOST:
                    raise
                log.warning("GPU %s is lost and not sampled: %s", label, failure)
            else:
                self._devices.append(label)
        self.driver_version: str | None = value_or_none(nvml, "nvmlSystemGetDriverVersion", "")

    @property
    def names(self) -> tuple[str, ...]:
        """The boards' names, e.g. ("NVIDIA A10G",): the label `accelerator`."""
        boards = [label for label in self._devices if "/" not in label]
        return tuple(name for label in boards if (name := self._identity[label][1]))

    def sample(self, engine_pids: Collection[int] | None) -> tuple[GpuSample, ...]:
        """Return one sample a device; nothing once the driver has failed.

        Args:
            engine_pids: the engine's processes, or None if they are not known.
        """
        samples = []
        for label in list(self._devices):
            try:
                samples.append(self._one(label, engine_pids))
            except NvmlFailure as failure:
                if failure.code not in DEVICE_LOST:
                    log.warning("the GPU driver failed, no GPU is sampled any more: %s", failure)
                    self._devices = []
                    return ()
                log.warning("GPU %s is lost and no longer sampled: %s", label, failure)
                self._devices.remove(label)
        return tuple(samples)

    def _one(self, label: str, engine_pids: Collection[int] | None) -> GpuSample:
        nvml = self._nvml
        board, _, instance = label.partition("/mig/")
        uuid, name = self._identity[label]
        memory = value_or_none(nvml, "nvmlDeviceGetMemoryInfo", label) or {}
        readings = {} if instance else _board_readings(nvml, label)
        return GpuSample(
            index=int(board),
            uuid=uuid,
            parent_uuid=self._identity[board][0] if instance else None,
            name=name,
            utilization_ratio=readings.get("utilization_ratio"),
            memory_used_bytes=memory.get("used"),
            memory_total_bytes=memory.get("total"),
            power_w=readings.get("power_w"),
            energy_j=readings.get("energy_j"),
            temperature_c=readings.get("temperature_c"),
            sm_clock_hz=readings.get("sm_clock_hz"),
            throttle_reasons=readings.get("throttle_reasons"),
            engine_memory_bytes=self._engine_memory_bytes(label, engine_pids),
        )

    def _engine_memory_bytes(self, label: str, engine_pids: Collection[int] | None) -> int | None:
        """Return what the engine's processes hold, 0 only where we are sure that it is nothing.

        A board with MIG instances would list their processes again: there it is the instances'.
        """
        if not engine_pids or any(other.startswith(f"{label}/mig/") for other in self._devices):
            return None
        held: dict[int, int | None] = {}
        for kind in ("Compute", "Graphics"):  # a process of both kinds is in both lists
            listed = value_or_none(self._nvml, f"nvmlDeviceGet{kind}RunningProcesses", label)
            if listed is None and kind == "Compute":
                return None
            held.update({process["pid"]: process["usedGpuMemory"] for process in listed or ()})
        engine = [held[pid] for pid in engine_pids if pid in held]
        known = [used for used in engine if used is not None]
        if len(known) < len(engine):
            return None
        return sum(known) if engine or self._sees_host_pids else None


def throttle_reasons(mask: int) -> tuple[str, ...]:
    """Return the names of the reasons in NVML's bit mask; idling is not one of them."""
    return tuple(name for bit, name in THROTTLE_REASONS.items() if mask & bit)


def _board_readings(nvml: Nvml, label: str) -> dict[str, Any]:
    """Return what only a whole board has, in our units, without what it does not tell.

    A MIG-enabled board refuses its utilization; power, energy and temperature it does tell.
    Power and utilization are the driver's averages over up to a second.
    """
    readings: dict[str, Any] = {}
    utilization = value_or_none(nvml, "nvmlDeviceGetUtilizationRates", label)
    if utilization is not None:
        readings["utilization_ratio"] = utilization["gpu"] / PERCENT
    power_mw = value_or_none(nvml, "nvmlDeviceGetPowerUsage", label)
    if power_mw is not None:
        readings["power_w"] = power_mw / MILLIWATTS_PER_WATT
    energy_mj = value_or_none(nvml, "nvmlDeviceGetTotalEnergyConsumption", label)
    if energy_mj is not None:  # from Volta on
        readings["energy_j"] = energy_mj / MILLIJOULES_PER_JOULE
    temperature_c = value_or_none(nvml, "nvmlDeviceGetTemperature", label)
    if temperature_c is not None:
        readings["temperature_c"] = float(temperature_c)
    sm_clock_mhz = value_or_none(nvml, "nvmlDeviceGetClockInfo", label)
    if sm_clock_mhz is not None:
        readings["sm_clock_hz"] = sm_clock_mhz * HZ_PER_MHZ
    mask = value_or_none(nvml, "nvmlDeviceGetCurrentClocksEventReasons", label)
    if mask is None:  # the same mask under its name before driver 535
        mask = value_or_none(nvml, "nvmlDeviceGetCurrentClocksThrottleReasons", label)
    if mask is not None:
        readings["throttle_reasons"] = throttle_reasons(mask)
    return readings
