import json

import pytest

from yoyak.analysis.cost import UNKNOWN, cost
from yoyak.analysis.instances import family_and_size, instance
from yoyak.analysis.prices import Price, embedded_prices, parse_prices, region_of
from yoyak.errors import UsageError


def test_every_embedded_price_has_a_source_that_can_be_cited_and_a_date() -> None:
    regions = embedded_prices().regions
    assert set(regions) == {"us-east-1", "ap-northeast-2"}
    for prices in regions.values():
        assert prices.url is not None
        assert prices.url.startswith("https://")
        assert len(prices.retrieved) == len("2026-11-23")
        assert prices.usd_per_hour


def test_the_old_studys_five_instances_have_prices_in_both_regions() -> None:
    table = embedded_prices()
    for kind in ("r5.4xlarge", "r5.8xlarge", "r5.16xlarge", "g5.16xlarge", "m5.16xlarge"):
        for region in table.regions:
            price = table.price(kind, region)
            assert price is not None
            assert region in price.source


def test_prices_without_a_gpu_are_proportional_to_size() -> None:
    # A transcription error would break the rule by which these families are sold.
    us = embedded_prices().regions["us-east-1"].usd_per_hour
    for family in ("m5", "r5", "c6i", "m6i", "r6i", "m7i", "c7i"):
        xlarge = us[f"{family}.xlarge"]
        for times in (2, 4, 8, 12, 16, 24):
            assert us[f"{family}.{times}xlarge"] == pytest.approx(times * xlarge)


def test_what_the_table_does_not_hold_has_no_price() -> None:
    table = embedded_prices()
    assert table.price("r5.4xlarge", "eu-west-1") is None
    assert table.price("x99.huge", "us-east-1") is None
    assert table.price(None, None) is None


@pytest.mark.parametrize(
    ("zone", "region"),
    [
        ("us-east-1a", "us-east-1"),
        ("ap-northeast-2c", "ap-northeast-2"),
        ("us-west-2-lax-1a", "us-west-2-lax-1"),  # a local zone has prices of its own
        (None, None),
    ],
)
def test_a_zone_lies_in_a_region(zone: str | None, region: str | None) -> None:
    assert region_of(zone) == region


def test_a_users_price_file_reads_like_the_embedded_one() -> None:
    text = json.dumps(
        {
            "what": "spot",
            "regions": {
                "us-east-1": {
                    "source": "our bill",
                    "retrieved": "2026-11-01",
                    "usd_per_hour": {"r5.4xlarge": 0.31},
                }
            },
        }
    )
    price = parse_prices(text, where="prices.json").price("r5.4xlarge", "us-east-1")
    assert price == Price(usd_per_hour=0.31, source="our bill (us-east-1, 2026-11-01)")


@pytest.mark.parametrize("usd", [0, -1, float("nan"), float("inf")])
def test_a_price_that_is_none_is_refused(usd: float) -> None:
    text = json.dumps(
        {
            "what": "x",
            "regions": {"r": {"source": "s", "retrieved": "d", "usd_per_hour": {"t": usd}}},
        }
    )
    with pytest.raises(UsageError, match=r"p\.json: t in r"):
        parse_prices(text, where="p.json")


def test_a_file_of_another_kind_is_refused_with_its_name_and_form() -> None:
    with pytest.raises(UsageError, match=r"p\.json is no price table.*it needs"):
        parse_prices('{"regions": {}}', where="p.json")


def test_cost_by_hand() -> None:
    # 3.60 USD an hour is 0.001 a second; an article every 4 s, 100 tokens each.
    found = cost(
        Price(usd_per_hour=3.6, source="s"), requests_per_s=0.25, output_tokens_per_request=100
    )
    assert found.usd_per_1000_articles == pytest.approx(4.0)
    assert found.usd_per_million_output_tokens == pytest.approx(40.0)


def test_an_unknown_price_leaves_cost_unknown() -> None:
    assert cost(None, requests_per_s=1.0, output_tokens_per_request=1.0) == UNKNOWN


def test_an_unknown_pace_leaves_only_the_price() -> None:
    found = cost(
        Price(usd_per_hour=1.0, source="s"), requests_per_s=None, output_tokens_per_request=None
    )
    assert found.usd_per_hour == 1.0
    assert found.usd_per_1000_articles is None
    assert found.usd_per_million_output_tokens is None


def test_the_old_studys_instances_are_specified_with_sources() -> None:
    expected = {
        "r5.4xlarge": (16, 128),
        "r5.8xlarge": (32, 256),
        "r5.16xlarge": (64, 512),
        "g5.16xlarge": (64, 256),
        "m5.16xlarge": (64, 256),
    }
    for kind, (vcpu, memory_gib) in expected.items():
        found = instance(kind)
        assert found is not None
        assert (found.vcpu, found.memory_gib) == (vcpu, memory_gib)
        assert all(source.startswith("https://") for source in found.sources)
    assert instance("x99.huge") is None
    assert instance(None) is None


def test_a_type_names_its_family_and_size() -> None:
    assert family_and_size("r5.16xlarge") == ("r5", "16xlarge")
    assert family_and_size("workstation") == (None, None)
    assert family_and_size(None) == (None, None)
