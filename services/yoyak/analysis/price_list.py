"""On-demand prices of instance types out of the products that the AWS Pricing API lists."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from yoyak.analysis.prices import LEAST_USD, RegionPrices, check_price
from yoyak.errors import HostError, one_line

SERVICE = "AmazonEC2"
FORMAT = "aws_v1"
SOURCE = "AWS Pricing API, GetProducts of AmazonEC2: on demand, Linux, shared tenancy"
URL = "https://api.pricing.us-east-1.amazonaws.com"
_HOURS = "hrs"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedPrices:
    """What a list of products says of one region."""

    prices: RegionPrices
    ambiguous: tuple[str, ...]  # types with several prices, which are left out


def filters(region: str) -> Mapping[str, str]:
    """Return the attributes that a product must have to be a plain on-demand Linux instance.

    Each leaves out products of other prices: `capacitystatus` the reserved capacity that nobody
    uses (which is listed at 0 or at the full price), `preInstalledSw` instances with a database,
    `licenseModel` software that is rented with them, `locationType` edge locations.
    """
    return {
        "regionCode": region,
        "locationType": "AWS Region",
        "operatingSystem": "Linux",
        "tenancy": "Shared",
        "preInstalledSw": "NA",
        "capacitystatus": "Used",
        "licenseModel": "No License required",
        "marketoption": "OnDemand",
    }


def listed_prices(products: Iterable[str], *, region: str, retrieved: str) -> ListedPrices:
    """Return the prices of the products of one region.

    Args:
        products: JSON texts, as GetProducts returns them: `product.attributes.instanceType` and
            `terms.OnDemand.*.priceDimensions.*.pricePerUnit.USD` of the unit Hrs.
        region: the code of it.
        retrieved: ISO 8601 date of today.

    Raises:
        HostError: a product is not of that form.
    """
    found: defaultdict[str, set[float]] = defaultdict(set)
    published: set[str] = set()
    for text in products:
        product = _parsed(text)
        attributes = _member(_member(product, "product"), "attributes")
        kind = _member(attributes, "instanceType")
        if _member(attributes, "regionCode") != region:
            raise _other_form(f"{one_line(str(kind))} is of another region than {region}")
        found[str(kind)].update(_usd_per_hour(product))
        published.add(str(product.get("publicationDate", ""))[:10])
    single = {kind: usd for kind, usd in sorted(found.items()) if len(usd) == 1}
    return ListedPrices(
        prices=RegionPrices(
            source=SOURCE,
            url=URL,
            retrieved=retrieved,
            published=max(published - {""}, default=None),
            usd_per_hour={kind: next(iter(usd)) for kind, usd in single.items()},
        ),
        ambiguous=tuple(sorted(kind for kind, usd in found.items() if len(usd) > 1)),
    )


def _usd_per_hour(product: Mapping[str, Any]) -> Iterator[float]:
    """Yield the prices of a product that are of hours and above 0."""
    for term in _member(_member(product, "terms"), "OnDemand").values():
        for dimension in _member(term, "priceDimensions").values():
            if str(_member(dimension, "unit")).lower() != _HOURS:
                continue
            text = _member(dimension, "pricePerUnit").get("USD")  # China is listed in CNY
            usd = 0.0 if text is None else _number(text)
            if usd >= LEAST_USD:
                check_price(usd, "a product of the AWS Pricing API")
                yield usd


def _parsed(text: str) -> dict[str, Any]:
    try:
        product = json.loads(text)
    except ValueError as error:
        raise _other_form(f"{one_line(text, most=60)} is no JSON") from error
    if not isinstance(product, dict):
        raise _other_form(f"{one_line(text, most=60)} is no object")
    return product


def _member(container: Any, name: str) -> Any:  # noqa: ANN401 - JSON
    try:
        return container[name]
    except (KeyError, TypeError) as error:
        raise _other_form(f"a product has no {name}") from error


def _number(text: object) -> float:
    try:
        return float(str(text))
    except ValueError as error:
        raise _other_form(f'"{one_line(str(text), most=60)}" is no price') from error


def _other_form(what: str) -> HostError:
    return HostError(
        f"the AWS Pricing API answered in another form than {FORMAT}: {what}; update yoyak, or "
        "write the price file by hand"
    )
