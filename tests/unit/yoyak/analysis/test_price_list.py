import json

import pytest
from tests.data_factories.price_list import DECOYS, PLAIN, everything, product

from yoyak.analysis.price_list import FORMAT, SOURCE, filters, listed_prices
from yoyak.errors import HostError, UsageError

TODAY = "2026-11-23"


def test_a_price_an_hour_is_read_with_its_date_and_source() -> None:
    found = listed_prices([product("r5.4xlarge", "1.008")], region="us-east-1", retrieved=TODAY)
    assert found.prices.usd_per_hour == {"r5.4xlarge": 1.008}
    assert (found.prices.published, found.prices.retrieved) == ("2026-11-20", TODAY)
    assert found.prices.source == SOURCE
    assert found.ambiguous == ()


def test_types_come_in_the_order_of_their_names() -> None:
    products = [product("r5.8xlarge", "2"), product("c5.large", "0.085")]
    found = listed_prices(products, region="us-east-1", retrieved=TODAY)
    assert list(found.prices.usd_per_hour) == ["c5.large", "r5.8xlarge"]


def test_a_product_that_is_listed_twice_at_one_price_has_that_price() -> None:
    products = [product("r5.4xlarge", "1.008"), product("r5.4xlarge", "1.0080", usagetype="Other")]
    found = listed_prices(products, region="us-east-1", retrieved=TODAY)
    assert found.prices.usd_per_hour == {"r5.4xlarge": 1.008}


def test_a_type_with_two_prices_is_left_out_and_named() -> None:
    products = [product("r5.4xlarge", "1.008"), product("r5.4xlarge", "1.2")]
    found = listed_prices(products, region="us-east-1", retrieved=TODAY)
    assert (dict(found.prices.usd_per_hour), found.ambiguous) == ({}, ("r5.4xlarge",))


@pytest.mark.parametrize("usd", ["0.0000000000", None])
def test_a_price_of_nothing_or_in_another_currency_is_unknown(usd: str | None) -> None:
    found = listed_prices([product("r5.4xlarge", usd)], region="us-east-1", retrieved=TODAY)
    assert (dict(found.prices.usd_per_hour), found.ambiguous) == ({}, ())


def test_a_price_by_another_unit_is_none_an_hour() -> None:
    text = product("r5.4xlarge", "1.008").replace('"Hrs"', '"Quantity"')
    assert not listed_prices([text], region="us-east-1", retrieved=TODAY).prices.usd_per_hour


@pytest.mark.parametrize("name", DECOYS)
def test_every_product_of_another_price_misses_a_filter(name: str) -> None:
    asked = filters("us-east-1")
    assert all({**PLAIN, "instanceType": "m5.large"}[field] == v for field, v in asked.items())
    assert any({**PLAIN, **DECOYS[name]}[field] != value for field, value in asked.items())


def test_a_product_of_another_region_is_no_price_of_this_one() -> None:
    with pytest.raises(HostError, match="of another region than ap-northeast-2"):
        listed_prices(everything({"m5.large": 0.096}), region="ap-northeast-2", retrieved=TODAY)


def without(text: str, name: str) -> str:
    data = json.loads(text)
    if name in data:
        del data[name]
    else:
        del data["product"]["attributes"][name]
    return json.dumps(data)


WHOLE = product("m5.large", "0.096")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "{" * 5,
        without(WHOLE, "product"),
        without(WHOLE, "terms"),
        without(WHOLE, "instanceType"),
        WHOLE.replace('"0.0960000000"', '"cheap"'),
        WHOLE.replace('"OnDemand": {', '"OnDemand": {"x": 3, '),
    ],
)
def test_an_answer_of_another_form_is_one_line(text: str) -> None:
    with pytest.raises(HostError, match=FORMAT) as caught:
        listed_prices([text], region="us-east-1", retrieved=TODAY)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("usd", ["-1", "1e300"])
def test_a_price_that_cannot_be_is_refused_or_unknown(usd: str) -> None:
    text = WHOLE.replace("0.0960000000", usd)
    try:
        found = listed_prices([text], region="us-east-1", retrieved=TODAY)
    except UsageError as error:
        assert "at most" in str(error)  # noqa: PT017 - either is right, a wrong price is not
    else:
        assert not found.prices.usd_per_hour
