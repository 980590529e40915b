import sys

import pytest

from otlp_spans.exporter import open_exporter
from otlp_spans.settings import OtlpSettings
from yoyak.errors import UsageError


def test_where_grpc_is_not_installed_the_way_out_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    module = "opentelemetry.exporter.otlp.proto.grpc.trace_exporter"
    monkeypatch.setitem(sys.modules, module, None)  # as an image without it answers an import
    with pytest.raises(UsageError, match="OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf"):
        open_exporter(
            OtlpSettings(endpoint="http://store:4317", protocol="grpc"),
            resource={},
            scope="yoyak",
            version="1",
            schema_url="",
        )
