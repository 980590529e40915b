"""Conversion factors, each once."""

NS_PER_S = 1_000_000_000
US_PER_S = 1_000_000
MS_PER_S = 1_000
KIB = 1024
MIB = 1024 * 1024
GIB = 1024 * 1024 * 1024
PERCENT = 100.0
MILLIWATTS_PER_WATT = 1_000
MILLIJOULES_PER_JOULE = 1_000
HZ_PER_MHZ = 1_000_000


def seconds(ns: int) -> float:
    """Return a duration of `ns` nanoseconds in seconds."""
    return ns / NS_PER_S
