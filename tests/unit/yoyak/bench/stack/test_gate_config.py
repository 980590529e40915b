import pytest

from yoyak.bench.stack.gate_config import gate_configuration
from yoyak.bench.stack.hub import Hub
from yoyak.errors import UsageError


def made(hub: Hub | None, store: str = "http://tempo:4318") -> str:
    password = "secret"  # noqa: S105 - of this test alone
    return gate_configuration(hub, store=store, password=password, secrets="/configuration")


def a_hub(traces_url: str | None = "https://hub:9444/v1/traces") -> Hub:
    return Hub(
        url="https://hub/api/v1/write",
        traces_url=traces_url,
        host="i-1",
        user="yoyak",
        has_certificate=True,
    )


def test_without_a_hub_spans_go_to_the_host_only() -> None:
    text = made(None)
    assert 'set $store "http://tempo:4318/v1/traces";' in text
    assert "mirror" not in text
    assert "Authorization" not in text


def test_a_hub_gets_a_copy_with_its_password_and_its_certificate_checked() -> None:
    text = made(a_hub())
    assert "mirror /hub;" in text
    assert 'set $hub "https://hub:9444/v1/traces";' in text
    assert 'Authorization "Basic eW95YWs6c2VjcmV0"' in text  # yoyak:secret
    assert "proxy_ssl_verify on;" in text
    assert "proxy_ssl_trusted_certificate /configuration/hub-ca.pem;" in text
    assert 'proxy_ssl_name "hub";' in text


@pytest.mark.parametrize("host", ["10.0.0.7", "[fd00::1]"])
def test_a_hub_known_by_its_address_is_known_by_its_certificates_own_name(host: str) -> None:
    text = made(a_hub(f"https://{host}:9444/v1/traces"))
    assert f'set $hub "https://{host}:9444/v1/traces";' in text
    assert 'proxy_ssl_name "prometheus";' in text


def test_a_hub_without_a_trace_store_gets_none() -> None:
    assert "mirror" not in made(a_hub(traces_url=None))


@pytest.mark.parametrize("store", ["tempo:4318", "http://", 'http://a"; proxy_pass http://b'])
def test_a_store_that_is_no_address_is_refused(store: str) -> None:
    with pytest.raises(UsageError, match="YOYAK_TRACES_URL is"):
        made(None, store)
