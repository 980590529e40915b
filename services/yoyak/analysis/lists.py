"""Lists in sentences: a thousand runs must not make a line of a thousand names."""

from collections.abc import Sequence

_SHOWN = 5  # as many as a line holds


def shortened(parts: Sequence[str]) -> list[str]:
    """Return the first parts, and "+7" for seven others, which reads in any language."""
    rest = len(parts) - _SHOWN
    return [*parts[:_SHOWN], *([f"+{rest}"] if rest > 0 else [])]
