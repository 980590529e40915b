import pytest

from yoyak.bench.stack.hub_keys import htpasswd, subject_names
from yoyak.errors import UsageError


def test_names_and_addresses_are_told_apart_and_come_once() -> None:
    names = subject_names(["prometheus", "10.0.0.7", "::1", "hub.example.org", "prometheus"])
    assert names == "DNS:prometheus,IP:10.0.0.7,IP:::1,DNS:hub.example.org"


@pytest.mark.parametrize("names", [[], ["a b"], ["a,DNS:evil"], ["a\nb"], [""]])
def test_what_is_no_name_is_refused(names: list[str]) -> None:
    with pytest.raises(UsageError, match="YOYAK_HUB_NAMES"):
        subject_names(names)


def test_the_hash_for_nginx_is_the_one_that_openldap_makes() -> None:
    # printf 'secretsalt1234' | openssl dgst -sha1 -binary, the salt after it, base64
    line = htpasswd("yoyak", "secret", salt=b"salt1234")
    assert line == "yoyak:{SSHA}Wcm1xEisNjqp921ALcHfuQ7avFdzYWx0MTIzNA==\n"
