"""What a scraper reads: the registry in the format that it asked for."""

from collections.abc import Callable, Iterator

from prometheus_client import exposition as text_format
from prometheus_client.core import Metric
from prometheus_client.openmetrics import exposition as openmetrics_format
from prometheus_client.registry import Collector, CollectorRegistry

from yoyak.telemetry.histogram_family import HistogramFamily

_END = b"# EOF\n"
_Encode = Callable[[Collector], bytes]


class Exposition:
    """Encodes a registry for scrapers, without encoding again what has not changed.

    A collector that yields the very object of the last scrape says that it has not changed. The
    requests' families are nine tenths of the text, and during a request they stand still: a
    scrape then costs the host's sample and some forty lines. It matters because an engine has a
    thread on every core, and each waits for the slowest: what a scrape takes, the engine loses.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        """Encode what `registry` collects."""
        self._registry = registry
        self._encoded: dict[str, dict[int, tuple[Metric, bytes]]] = {}

    def render(self, accept: str) -> tuple[bytes, str]:
        """Return (body, content type) for an Accept header.

        OpenMetrics 1.0, which alone can carry exemplars, where it is accepted; else the text
        format 0.0.4. Not for use by two threads at once.
        """
        chosen = text_format.choose_encoder(accept)[1]
        if chosen.startswith("application/openmetrics-text"):
            # Our names need no escaping, and of the library's ways to escape this is the quickest.
            return (
                self._body(openmetrics_format.CONTENT_TYPE_LATEST, _encode_openmetrics) + _END,
                openmetrics_format.CONTENT_TYPE_LATEST,
            )
        plain = text_format.CONTENT_TYPE_PLAIN_0_0_4
        return self._body(plain, text_format.generate_latest), plain

    def _body(self, content_type: str, encode: _Encode) -> bytes:
        before = self._encoded.get(content_type, {})
        # The family is kept beside its text so that its id stays its own.
        now: dict[int, tuple[Metric, bytes]] = {}
        parts = []
        for family in self._registry.collect():
            known = before.get(id(family))
            if known is not None:
                text = known[1]
            elif isinstance(family, HistogramFamily):
                text = family.text(has_exemplars=encode is _encode_openmetrics)
            else:
                text = encode(_Alone(family))
            now[id(family)] = (family, text)
            parts.append(text)
        self._encoded[content_type] = now
        return b"".join(parts)


class _Alone(Collector):
    """One family as a registry, for the library's encoders."""

    def __init__(self, family: Metric) -> None:
        self._family = family

    def collect(self) -> Iterator[Metric]:
        yield self._family


def _encode_openmetrics(registry: Collector) -> bytes:
    text: bytes = openmetrics_format.generate_latest(  # type: ignore[no-untyped-call] # the library left it untyped
        registry, escaping=openmetrics_format.ALLOWUTF8
    )
    return text.removesuffix(_END)
