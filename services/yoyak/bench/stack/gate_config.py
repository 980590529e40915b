"""What the gate of a host (nginx) reads: every span to the host's trace store, a copy to the hub's.

The copy is nginx's mirror: its answer is thrown away, so that a hub that is not there costs a host
nothing. Its spans of that time are then on the host only.
"""

import base64
from ipaddress import ip_address
from urllib.parse import urlsplit

from yoyak.bench.stack.hub import CERTIFICATE, CERTIFICATE_NAME, Hub
from yoyak.errors import UsageError

FILE = "spans.conf"
PORT = 4318  # of OTLP over HTTP
STORE, DEFAULT_STORE = "YOYAK_TRACES_URL", "http://tempo:4318"
SYSTEM_AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"
_RESOLVER = "127.0.0.11"  # the container engine's
_UNSAFE = frozenset(" \t\r\n\"'\\;{}$")

_CONFIGURATION = """\
worker_processes 1;
pid /tmp/nginx.pid;
error_log stderr warn;
events {{ worker_connections 256; }}
http {{
    access_log off;
    server_tokens off;
    client_body_temp_path /tmp/body;
    proxy_temp_path /tmp/proxy;
    fastcgi_temp_path /tmp/fastcgi;
    uwsgi_temp_path /tmp/uwsgi;
    scgi_temp_path /tmp/scgi;
    client_max_body_size 16m;
    client_body_buffer_size 1m;
    proxy_connect_timeout 2s;
    proxy_send_timeout 5s;
    proxy_read_timeout 5s;
    # Names are asked for when they are needed: a store may come later than this.
    resolver {resolver} valid=10s;
    server {{
        listen {port};
        location = {path} {{
            limit_except POST {{ deny all; }}
{mirror}            set $store "{store}";
            proxy_pass $store;
        }}
{hub}    }}
}}
"""

_MIRROR = "            mirror /hub;\n"
_HUB = """\
        location = /hub {{
            internal;
            set $hub "{url}";
            proxy_pass $hub;
            proxy_set_header Host $proxy_host;
            proxy_set_header Authorization "Basic {token}";
            proxy_ssl_verify on;
            proxy_ssl_verify_depth 5;
            proxy_ssl_trusted_certificate {authorities};
            proxy_ssl_server_name on;
            proxy_ssl_name "{name}";
        }}
"""


def gate_configuration(hub: Hub | None, *, store: str, password: str, secrets: str) -> str:
    """Return the text of the file.

    Args:
        hub: None, or one without a trace store: there is no copy.
        store: OTLP/HTTP address of the host's own trace store.
        password: the hub's.
        secrets: folder with the hub's certificate, as nginx sees it.

    Raises:
        UsageError: an address that cannot be.
    """
    copied = hub is not None and hub.traces_url is not None and hub.sigv4_region is None
    return _CONFIGURATION.format(
        resolver=_RESOLVER,
        port=PORT,
        path="/v1/traces",
        mirror=_MIRROR if copied else "",
        store=_store_url(store),
        hub=_hub(hub, password=password, secrets=secrets) if copied and hub is not None else "",
    )


def _store_url(address: str) -> str:
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname or _UNSAFE & set(address):
        raise UsageError(
            f'{STORE} is "{address}"; it takes an address of OTLP over HTTP such as {DEFAULT_STORE}'
        )
    return address if parts.path.strip("/") else address.rstrip("/") + "/v1/traces"


def _hub(hub: Hub, *, password: str, secrets: str) -> str:
    url = hub.traces_url or ""
    if _UNSAFE & set(url):
        raise UsageError(f'the hub\'s trace store is "{url}"; it takes an https:// address')
    return _HUB.format(
        url=url,
        token=base64.b64encode(f"{hub.user}:{password}".encode()).decode(),
        authorities=f"{secrets}/{CERTIFICATE}" if hub.has_certificate else SYSTEM_AUTHORITIES,
        name=_certificate_name(urlsplit(url).hostname or ""),
    )


def _certificate_name(host: str) -> str:
    """Return the name to look for in the hub's certificate: nginx finds no addresses in one."""
    try:
        ip_address(host)
    except ValueError:
        return host
    return CERTIFICATE_NAME
