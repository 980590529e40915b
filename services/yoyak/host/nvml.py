"""The NVIDIA driver's own answers, call by call: the only module that touches NVML.

A call is named by NVML's function and by a device label ("0" for a board, "0/mig/2" for a MIG
instance on it). Its answer is a plain value that JSON can hold, so that the calls of a real
machine can be written down (`python -m yoyak.host.nvml`) and replayed by tests anywhere.
"""

import ctypes
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

LIBRARY_NOT_FOUND = 12  # a host without NVIDIA's driver
_LIBRARY_MISMATCH = 25_000  # ours: pynvml has an exception of its own for an older driver
UNKNOWN_HERE = frozenset(  # the device or this user cannot have that value; the others can be read
    {
        2,  # INVALID_ARGUMENT: a board query on a MIG instance
        3,  # NOT_SUPPORTED
        4,  # NO_PERMISSION
        6,  # NOT_FOUND: no such MIG instance
        7,  # INSUFFICIENT_SIZE: more processes came between two calls
        13,  # FUNCTION_NOT_FOUND: an older driver
        14,  # CORRUPTED_INFOROM: what that memory holds; the sensors answer
        21,  # NO_DATA
        24,  # FREQ_NOT_SUPPORTED
        25,  # ARGUMENT_VERSION_MISMATCH: an older driver
        26,  # DEPRECATED: a newer driver
        27,  # NOT_READY: not now
        _LIBRARY_MISMATCH,
    }
)
DEVICE_LOST = frozenset(  # the device cannot be asked any more; the others can
    {
        8,  # INSUFFICIENT_POWER: its power cables
        11,  # IRQ_ISSUE
        15,  # GPU_IS_LOST
        16,  # RESET_REQUIRED
        28,  # GPU_NOT_FOUND
    }
)
BOARD_CALLS = (
    "nvmlDeviceGetUUID",
    "nvmlDeviceGetName",
    "nvmlDeviceGetMigMode",
    "nvmlDeviceGetUtilizationRates",
    "nvmlDeviceGetMemoryInfo",
    "nvmlDeviceGetPowerUsage",
    "nvmlDeviceGetTotalEnergyConsumption",
    "nvmlDeviceGetTemperature",
    "nvmlDeviceGetClockInfo",
    "nvmlDeviceGetCurrentClocksEventReasons",
    "nvmlDeviceGetCurrentClocksThrottleReasons",
    "nvmlDeviceGetComputeRunningProcesses",
    "nvmlDeviceGetGraphicsRunningProcesses",
)
MIG_CALLS = (
    "nvmlDeviceGetUUID",
    "nvmlDeviceGetName",
    "nvmlDeviceGetMemoryInfo",
    "nvmlDeviceGetComputeRunningProcesses",
    "nvmlDeviceGetGraphicsRunningProcesses",
)


class NvmlFailure(Exception):
    """NVML answered a call with a code other than success.

    Attributes:
        code: NVML's nvmlReturn_t.
    """

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


class Nvml(Protocol):
    """Something that answers NVML's calls: the driver, or a recording of it."""

    def call(self, function: str, device: str = "") -> Any:  # noqa: ANN401 - see DriverNvml
        """Return the call's value, or raise NvmlFailure."""


class DriverNvml:
    """The driver of this host, through NVIDIA's own binding."""

    def __init__(self) -> None:
        """Load libnvidia-ml.so.1 and begin a session with the driver.

        Raises:
            NvmlFailure: there is no library, no driver, or no right to use it.
        """
        try:
            ctypes.CDLL("libnvidia-ml.so.1")
        except OSError as error:
            raise NvmlFailure(LIBRARY_NOT_FOUND, "libnvidia-ml.so.1 is not installed") from error
        import pynvml  # type: ignore[import-untyped] # it has no types; here, because it takes 60 ms that a host without the library can save

        self._pynvml = pynvml
        self._handles: dict[str, Any] = {}
        self._run(pynvml.nvmlInit)

    def call(self, function: str, device: str = "") -> Any:  # noqa: ANN401 - NVML's answers differ
        """Return the call's value as numbers, texts, lists and dicts.

        Args:
            function: NVML's name, without version suffix.
            device: a label, or "" where the call is about the driver.

        Raises:
            NvmlFailure: NVML answered with a code other than success.
        """
        special: Mapping[str, Callable[[str], Any]] = {
            "nvmlDeviceGetMemoryInfo": self._memory,
            "nvmlDeviceGetTemperature": self._temperature,
            "nvmlDeviceGetClockInfo": self._sm_clock,
        }
        if function in special:
            return special[function](device)
        arguments = [self._handle(device)] if device else []
        return plain(self._run(getattr(self._pynvml, function), *arguments))

    def close(self) -> None:
        """End the session with the driver."""
        self._run(self._pynvml.nvmlShutdown)

    def _memory(self, device: str) -> Any:  # noqa: ANN401
        """Version 2 counts what the driver keeps for itself apart from what is used."""
        handle = self._handle(device)
        try:
            info = self._run(
                self._pynvml.nvmlDeviceGetMemoryInfo, handle, self._pynvml.nvmlMemory_v2
            )
        except NvmlFailure as failure:
            if failure.code not in UNKNOWN_HERE:
                raise
            info = self._run(self._pynvml.nvmlDeviceGetMemoryInfo, handle)
        return plain(info)

    def _temperature(self, device: str) -> Any:  # noqa: ANN401
        sensor, handle = self._pynvml.NVML_TEMPERATURE_GPU, self._handle(device)
        try:
            return self._run(self._pynvml.nvmlDeviceGetTemperature, handle, sensor)
        except NvmlFailure as failure:
            if failure.code not in UNKNOWN_HERE:
                raise
        # Its successor, should a driver have dropped it.
        return self._run(self._pynvml.nvmlDeviceGetTemperatureV, handle, sensor)

    def _sm_clock(self, device: str) -> Any:  # noqa: ANN401
        clock = self._pynvml.NVML_CLOCK_SM
        return self._run(self._pynvml.nvmlDeviceGetClockInfo, self._handle(device), clock)

    def _handle(self, device: str) -> Any:  # noqa: ANN401 - a ctypes pointer
        if device not in self._handles:
            board, _, instance = device.partition("/mig/")
            if instance:
                find = self._pynvml.nvmlDeviceGetMigDeviceHandleByIndex
                self._handles[device] = self._run(find, self._handle(board), int(instance))
            else:
                find = self._pynvml.nvmlDeviceGetHandleByIndex
                self._handles[device] = self._run(find, int(board))
        return self._handles[device]

    def _run(self, function: Callable[..., Any], *arguments: object) -> Any:  # noqa: ANN401
        try:
            return function(*arguments)
        except self._pynvml.NVMLLibraryMismatchError as error:
            raise NvmlFailure(_LIBRARY_MISMATCH, str(error)) from error
        except self._pynvml.NVMLError as error:
            raise NvmlFailure(error.value, str(error)) from error


def plain(answer: Any) -> Any:  # noqa: ANN401 - any of NVML's structures
    """Return an answer of pynvml as numbers, texts, lists and dicts."""
    if answer is None or isinstance(answer, int | float | str):
        return answer
    if isinstance(answer, list | tuple):
        return [plain(part) for part in answer]
    names = [field[0] for field in getattr(answer, "_fields_", ())] or list(vars(answer))
    return {name: plain(getattr(answer, name)) for name in names}


def devices(nvml: Nvml) -> list[str]:
    """Return the labels of all boards and of their MIG instances, boards first.

    Raises:
        NvmlFailure: the driver does not even count its boards.
    """
    boards = [str(index) for index in range(nvml.call("nvmlDeviceGetCount"))]
    return boards + [label for board in boards for label in _mig_instances(nvml, board)]


def value_or_none(nvml: Nvml, function: str, device: str) -> Any:  # noqa: ANN401 - as `call`
    """Return a call's value, or None where this device or this user cannot have it.

    Raises:
        NvmlFailure: the driver or the device has gone.
    """
    try:
        return nvml.call(function, device)
    except NvmlFailure as failure:
        if failure.code in UNKNOWN_HERE:
            return None
        raise


def record(nvml: Nvml) -> dict[str, Any]:
    """Return the answers to every call that we make, by "function device", as tests replay them.

    A refused call is {"nvml_error": code}.
    """
    calls = [("nvmlSystemGetDriverVersion", ""), ("nvmlDeviceGetCount", "")]
    for label in devices(nvml):
        is_mig = "/" in label
        calls += [(name, label) for name in (MIG_CALLS if is_mig else BOARD_CALLS)]
        if not is_mig:
            calls.append(("nvmlDeviceGetMaxMigDeviceCount", label))
    answers = {}
    for function, label in calls:
        try:
            answers[f"{function} {label}".strip()] = nvml.call(function, label)
        except NvmlFailure as failure:
            answers[f"{function} {label}".strip()] = {"nvml_error": failure.code}
    return answers


def _mig_instances(nvml: Nvml, board: str) -> list[str]:
    try:
        mode: Sequence[int] | None = value_or_none(nvml, "nvmlDeviceGetMigMode", board)
    except NvmlFailure as failure:
        if failure.code in DEVICE_LOST:
            return []  # whoever reads the board next is told
        raise
    if mode is None or mode[0] != 1:  # (now, after the next reset)
        return []
    most = value_or_none(nvml, "nvmlDeviceGetMaxMigDeviceCount", board) or 0
    labels = [f"{board}/mig/{index}" for index in range(most)]
    # Slots may be empty in between: the next index can still exist.
    return [label for label in labels if value_or_none(nvml, "nvmlDeviceGetUUID", label)]


def main() -> int:
    """Write this host's answers to stdout; return the exit code."""
    try:
        answers = record(DriverNvml())
    except NvmlFailure as failure:
        sys.stderr.write(f"error: no GPU answers on this host: {failure}\n")
        return 3
    sys.stdout.write(json.dumps(answers, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
