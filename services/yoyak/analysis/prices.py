"""Price tables: USD an hour by region and instance type, each region with its source and date."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files

from pydantic import TypeAdapter, ValidationError

from yoyak.errors import UsageError, one_line

# "us-east-1a" of us-east-1, "ap-northeast-2c" of ap-northeast-2. A local zone such as
# "us-west-2-lax-1a" has prices of its own: its name yields a region that no table holds.
_ZONE_LETTERS = "abcdefghijklmnopqrstuvwxyz"
GIVEN = "given by the user"  # the source of a price that came with --price
LEAST_USD, MOST_USD = 1e-6, 1e6  # an hour; beyond, it is no host's price but a mistake of units


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What a host costs."""

    usd_per_hour: float
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionPrices:
    """The prices of one region. `source` names who said so, and `retrieved` when it was read."""

    source: str
    retrieved: str  # ISO 8601 date
    usd_per_hour: Mapping[str, float]  # by instance type
    url: str | None = None
    published: str | None = None  # ISO 8601 date, where the source states one


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceTable:
    """prices.json, embedded or the user's own. Spot and savings are prices like any other."""

    what: str
    regions: Mapping[str, RegionPrices]

    def price(self, instance_type: str | None, region: str | None) -> Price | None:
        """Return the price of a type in a region; None where the table does not hold it."""
        prices = self.regions.get(region or "")
        usd = None if prices is None else prices.usd_per_hour.get(instance_type or "")
        if prices is None or usd is None:
            return None
        date = prices.published or prices.retrieved
        return Price(usd_per_hour=usd, source=f"{prices.source} ({region}, {date})")


@cache
def embedded_prices() -> PriceTable:
    """Return the on-demand prices that come with the package."""
    text = files("yoyak.analysis").joinpath("data", "prices.json").read_text(encoding="utf-8")
    return parse_prices(text, where="the embedded price table")


def parse_prices(text: str, *, where: str) -> PriceTable:
    """Return the table of a price file, of the same form as the embedded one.

    Raises:
        UsageError: no JSON, a field missing, or a price that is not above 0.
    """
    try:
        table = TypeAdapter(PriceTable).validate_json(text, strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        field = one_line(".".join(str(part) for part in first["loc"])) or "its text"
        raise UsageError(
            f"{where} is no price table: {field}: {one_line(first['msg']).lower()}; it needs "
            '{"what", "regions": {REGION: {"source", "retrieved", "usd_per_hour": {TYPE: USD}}}}'
        ) from error
    for region, prices in table.regions.items():
        for kind, usd in prices.usd_per_hour.items():
            check_price(usd, one_line(f"{where}: {kind} in {region}"))
        _check_dates(prices, one_line(f"{where}: {region}"))
    return table


def check_price(usd_per_hour: float, where: str) -> None:
    """Raise UsageError unless the price is above 0 and one that a host can have."""
    if not LEAST_USD <= usd_per_hour <= MOST_USD:
        raise UsageError(
            f"{where} costs {usd_per_hour} USD an hour; give a price above 0, at most {MOST_USD:g}"
        )


def _check_dates(prices: RegionPrices, where: str) -> None:
    for name, text in (("retrieved", prices.retrieved), ("published", prices.published)):
        try:
            date.fromisoformat(text or "2000-01-01")
        except ValueError as error:
            raise UsageError(
                f'{where}: {name} is "{one_line(text or "")}"; a price needs its date, '
                "such as 2026-11-23"
            ) from error


def region_of(availability_zone: str | None) -> str | None:
    """Return the region of a zone's name, e.g. "us-east-1" of "us-east-1a"."""
    return availability_zone.rstrip(_ZONE_LETTERS) or None if availability_zone else None
