"""What a scraper reads: the registry in the format that it asked for."""

from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import CollectorRegistry


def render(registry: CollectorRegistry, accept: str) -> tuple[bytes, str]:
    """Return (body, content type) for an Accept header.

    OpenMetrics, which alone can carry exemplars, where it is accepted; else Prometheus text.
    """
    encode, content_type = choose_encoder(accept)
    return encode(registry), content_type
