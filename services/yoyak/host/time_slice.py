"""Short turns on the CPU for an event loop: woken, it goes before threads that have longer turns.

llama.cpp's threads spin on every core that they were given. What is woken by a packet then waits
until the scheduler takes one of them off, which may be its whole turn. Linux 6.12 and newer let a
thread say that its turns are short; it gets no more of the CPU for that, only gets it sooner. No
privilege is needed (docs/decisions/0007-short-turns.md).
"""

import ctypes
import errno
import platform
import sys

SHORT_NS = 100_000  # the least that the kernel grants
_GETATTR_BY_MACHINE = {"x86_64": 315, "aarch64": 275}
_SETATTR_BY_MACHINE = {"x86_64": 314, "aarch64": 274}
_RESET_ON_FORK = 0x01  # what the thread starts is to have turns of the usual length
_SCHED_OTHER = 0


class _Attributes(ctypes.Structure):
    """struct sched_attr in its first, 48-byte version.

    Source:
        Linux, include/uapi/linux/sched/types.h; sched_setattr(2).
    """

    _fields_ = (
        ("size", ctypes.c_uint32),
        ("policy", ctypes.c_uint32),
        ("flags", ctypes.c_uint64),
        ("nice", ctypes.c_int32),
        ("priority", ctypes.c_uint32),
        ("runtime_ns", ctypes.c_uint64),
        ("deadline_ns", ctypes.c_uint64),
        ("period_ns", ctypes.c_uint64),
    )


def take_short_turns() -> int | None:
    """Ask for short turns for the calling thread, and return how long they are, in ns.

    Children and threads that it starts later have the usual length again. A thread with a policy
    or a priority of its own (a real-time class, a nice value below 0) is left as it is.

    Returns:
        What the kernel says afterwards; None where it has no such thing (before 6.12, not Linux,
        refused in a sandbox), or where the thread was left alone.
    """
    return ask_turn_ns(SHORT_NS)


def ask_turn_ns(wanted_ns: int, *, thread: int = 0) -> int | None:
    """Ask for turns of `wanted_ns` and return what the kernel then says; None as above.

    Args:
        wanted_ns: 100,000 to 100,000,000; 0 for the kernel's usual length.
        thread: its kernel id, of a process of ours; 0 for the calling one.
    """
    before = _attributes(thread)
    if before is None or before.policy != _SCHED_OTHER or before.nice < 0:
        return None
    if before.runtime_ns == 0:  # an older kernel takes the request, and ignores it
        return None
    wanted = _Attributes(
        size=ctypes.sizeof(_Attributes),
        policy=_SCHED_OTHER,
        flags=_RESET_ON_FORK,
        nice=before.nice,
        runtime_ns=wanted_ns,
    )
    _call(_SETATTR_BY_MACHINE, thread, ctypes.byref(wanted), 0)
    return turn_ns(thread=thread)


def turn_ns(*, thread: int = 0) -> int | None:
    """Return the length of a thread's turns in ns; None if the kernel does not say."""
    now = _attributes(thread)
    return None if now is None or now.runtime_ns == 0 else int(now.runtime_ns)


def _attributes(thread: int) -> _Attributes | None:
    found = _Attributes()
    failed = _call(_GETATTR_BY_MACHINE, thread, ctypes.byref(found), ctypes.sizeof(found), 0)
    return None if failed else found


def _call(numbers: dict[str, int], thread: int, attributes: object, *rest: int) -> int:
    """Make the system call; return 0 or errno."""
    number = numbers.get(platform.machine())
    if number is None or sys.platform != "linux":
        return errno.ENOSYS
    syscall = ctypes.CDLL(None, use_errno=True).syscall
    syscall.argtypes = (
        ctypes.c_long,
        ctypes.c_int,
        ctypes.c_void_p,
        *(ctypes.c_uint for _ in rest),
    )
    syscall.restype = ctypes.c_long
    failed = syscall(number, thread, attributes, *rest) != 0
    return ctypes.get_errno() if failed else 0
