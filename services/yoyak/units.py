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


def duration_s(text: str) -> float:
    """Return the seconds that a text such as "90", "1.5s", "250ms", "10m", "1h" names.

    Raises:
        ValueError: it is no such text; a number may still be negative or not finite.
    """
    for suffix, factor in (("ms", 1 / MS_PER_S), ("s", 1.0), ("m", 60.0), ("h", 3600.0)):
        if text.endswith(suffix):
            return float(text.removesuffix(suffix)) * factor
    return float(text)


def seconds(ns: int) -> float:
    """Return a duration of `ns` nanoseconds in seconds."""
    return ns / NS_PER_S
