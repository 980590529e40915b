"""A histogram's family as it stands at a scrape, with its text written straight from the counts.

The library makes an object, a dict and a sorted copy of it for each of the 400 buckets of a
scrape; here all of a line but its number is written once and kept. Byte for byte it is the
library's own text: a test compares them.
"""

from functools import lru_cache

from prometheus_client.core import HistogramMetricFamily, Metric
from prometheus_client.samples import Exemplar, Sample
from prometheus_client.utils import floatToGoString

from yoyak.telemetry import names
from yoyak.telemetry.histogram import Bucket

Labels = tuple[str, ...]
Series = tuple[Labels, list[Bucket], float]  # label values, (edge, cumulative count), sum
_PLAIN_BELOW = 1_000_000  # from here on Go writes exponents


class HistogramFamily(Metric):
    """What a registry yields for a histogram; samples are only made for who asks for them."""

    def __init__(self, metric: names.Metric, series: list[Series]) -> None:
        """Keep the series as they are now."""
        self._series = series
        self._labels = metric.labels
        self._made: list[Sample] | None = None
        super().__init__(metric.name, metric.help, "histogram")

    @property
    def samples(self) -> list[Sample]:
        """The series as the library's own samples."""
        if self._made is None:
            family = HistogramMetricFamily(self.name, self.documentation, labels=self._labels)
            for labels, buckets, total in self._series:
                family.add_metric(labels, buckets, total)
            self._made = family.samples
        return self._made

    @samples.setter
    def samples(self, _: list[Sample]) -> None:
        """The library begins with an empty list; ours are made of the series."""

    def text(self, *, has_exemplars: bool) -> bytes:
        """Return the family in the text format, or with exemplars in OpenMetrics."""
        lines = [
            f"# HELP {self.name} {self.documentation}\n# TYPE {self.name} histogram\n",
        ]
        for labels, buckets, total in self._series:
            edges = tuple(bucket[0] for bucket in buckets)
            starts, count_start, sum_start = _line_starts(self.name, self._labels, labels, edges)
            for start, bucket in zip(starts, buckets, strict=True):
                mark = ""
                if has_exemplars and len(bucket) == 3:
                    mark = _exemplar(bucket[2])
                lines.append(f"{start}{_number(bucket[1])}{mark}\n")
            lines.append(f"{count_start}{_number(buckets[-1][1])}\n")
            lines.append(f"{sum_start}{_float(total)}\n")
        return "".join(lines).encode()


@lru_cache(maxsize=512)  # series are closed sets
def _line_starts(
    name: str, label_names: tuple[str, ...], labels: Labels, edges: tuple[str, ...]
) -> tuple[tuple[str, ...], str, str]:
    """Return all of the lines of a series but their numbers: buckets, count, sum."""
    pairs = list(zip(label_names, labels, strict=True))
    own = _braces(pairs)
    return (
        tuple(f"{name}_bucket{_braces([*pairs, ('le', edge)])} " for edge in edges),
        f"{name}_count{own} ",
        f"{name}_sum{own} ",
    )


def _braces(pairs: list[tuple[str, str]]) -> str:
    inner = ",".join(f'{name}="{_escaped(value)}"' for name, value in sorted(pairs))
    return f"{{{inner}}}" if inner else ""


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


def _number(count: float) -> str:
    return f"{count}.0" if type(count) is int and count < _PLAIN_BELOW else _float(count)


def _exemplar(exemplar: Exemplar) -> str:
    labels = ",".join(f'{k}="{_escaped(v)}"' for k, v in sorted(exemplar.labels.items()))
    return f" # {{{labels}}} {_float(exemplar.value)} {exemplar.timestamp}"


def _float(value: float) -> str:
    text: str = floatToGoString(value)  # type: ignore[no-untyped-call] # the library left it untyped
    return text
