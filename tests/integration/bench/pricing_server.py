"""GetProducts of the AWS Pricing API on loopback, checked against the model that botocore carries.

moto has no backend for it. A request is validated against the input shape of the service model that
boto3 carries, the filters are applied, pages follow each other by NextToken, and the answer is
validated against the output shape by the client that reads it.
"""

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import botocore.session
from botocore.validate import ParamValidator

TARGET = "AWSPriceListService.GetProducts"
_OPERATION = (
    botocore.session.get_session().get_service_model("pricing").operation_model("GetProducts")
)


@dataclass
class PricingApi:
    """What the server lists, and what it was asked."""

    products: Sequence[str]
    page: int  # products in one answer, however many more were asked for
    refusal: tuple[int, str, str] | None = None  # status, AWS's name of the error, words
    requests: list[dict[str, Any]] = field(default_factory=list)
    address: str = ""

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        matching = [text for text in self.products if _matches(text, request["Filters"])]
        begin = int(request.get("NextToken", 0))
        end = begin + min(self.page, request["MaxResults"])
        more = {"NextToken": str(end)} if end < len(matching) else {}
        return {"FormatVersion": "aws_v1", "PriceList": matching[begin:end], **more}


def _matches(text: str, filters: Sequence[dict[str, str]]) -> bool:
    attributes = json.loads(text)["product"]["attributes"]
    return all(attributes.get(f["Field"]) == f["Value"] for f in filters)


@contextmanager
def pricing_server(api: PricingApi) -> Iterator[PricingApi]:
    """Run the API for as long as the context lasts; `api.address` says where."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if self.headers["X-Amz-Target"] != TARGET or "Authorization" not in self.headers:
                self._send(400, {"__type": "UnknownOperationException"})
                return
            wrong = ParamValidator().validate(body, _OPERATION.input_shape)
            if wrong.has_errors():
                self._send(
                    400, {"__type": "ValidationException", "message": wrong.generate_report()}
                )
                return
            api.requests.append(body)
            if api.refusal is not None:
                status, name, words = api.refusal
                self._send(status, {"__type": name, "message": words})
                return
            self._send(200, api.answer(body))

        def _send(self, status: int, content: dict[str, Any]) -> None:
            data = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its signature
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    api.address = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield api
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
