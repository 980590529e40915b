"""Who we are to a server, from address and environment."""

from pathlib import Path

import pytest

from yoyak.errors import UsageError
from yoyak.telemetry.publishing.access import access_from

URL = "https://grafana.example.org/"


def test_a_token() -> None:
    access = access_from("GRAFANA", URL, {"GRAFANA_TOKEN": "glsa_1", "PUSHGATEWAY_TOKEN": "other"})
    assert (access.url, access.token, access.user) == (
        "https://grafana.example.org",
        "glsa_1",
        None,
    )


def test_a_login_whose_password_is_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("  geheim\n")
    environ = {"GRAFANA_USER": "me", "GRAFANA_PASSWORD_FILE": str(tmp_path / "password")}
    access = access_from("GRAFANA", URL, environ)
    assert (access.user, access.password) == ("me", "geheim")


def test_its_repr_tells_no_secret() -> None:
    for environ in (
        {"GRAFANA_TOKEN": "tell-nobody"},
        {"GRAFANA_USER": "me", "GRAFANA_PASSWORD": "tell-nobody"},
    ):
        assert "tell-nobody" not in repr(access_from("GRAFANA", URL, environ))


def test_nothing_set_is_nobody() -> None:
    access = access_from("GRAFANA", URL, {"GRAFANA_TOKEN": "", "GRAFANA_USER": ""})
    assert (access.token, access.user, access.password, access.ca_file) == (None, None, None, None)


@pytest.mark.parametrize(
    ("environ", "told"),
    [
        ({"GRAFANA_USER": "me"}, "GRAFANA_PASSWORD is missing"),
        ({"GRAFANA_PASSWORD": "tell-nobody"}, "GRAFANA_USER is missing"),
        ({"GRAFANA_TOKEN": "tell-nobody", "GRAFANA_USER": "me"}, "exclude each other"),
        ({"GRAFANA_TOKEN": "tell-nobody", "GRAFANA_TOKEN_FILE": "x"}, "exclude each other"),
        ({"GRAFANA_TOKEN_FILE": "/nowhere"}, "cannot be read"),
        ({"GRAFANA_TOKEN_FILE": "/dev/null"}, "is empty"),
        ({"GRAFANA_CA_FILE": "/nowhere"}, "is not there"),
    ],
)
def test_half_a_login_is_refused(environ: dict[str, str], told: str) -> None:
    with pytest.raises(UsageError, match=told) as caught:
        access_from("GRAFANA", URL, environ)
    assert "tell-nobody" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "localhost:3000",
        "ftp://localhost",
        "https://",
        "http://[::1",
        "http://h:0",
        "http://h:x",
        "http://h/?orgId=2",
        "http://me@h",
        "http://me:tell-nobody@h",
    ],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        access_from("GRAFANA", url, {})
    assert "tell-nobody" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "is_open"),
    [
        ("http://grafana.example.org", True),
        ("https://grafana.example.org", False),
        ("http://127.0.0.1:3000", False),
        ("http://[::1]:3000", False),
        ("http://localhost:3000", False),
        ("http://10.0.0.5:3000", True),
    ],
)
def test_a_secret_is_open_where_others_can_read_it(url: str, is_open: bool) -> None:
    assert access_from("GRAFANA", url, {"GRAFANA_TOKEN": "x"}).is_open_secret == is_open
    assert not access_from("GRAFANA", url, {}).is_open_secret
