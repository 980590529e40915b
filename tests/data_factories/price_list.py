"""Products of AmazonEC2 in the form that the AWS Pricing API lists them, decoys included.

The form (names, nesting, prices as texts of ten decimals) is that of `aws_v1`; identifiers are
made up, and the prices are those of the test.
"""

import json
from collections.abc import Iterator, Mapping

PUBLISHED = "2026-11-20T18:04:11Z"
PLAIN: Mapping[str, str] = {
    "regionCode": "us-east-1",
    "location": "US East (N. Virginia)",
    "locationType": "AWS Region",
    "operatingSystem": "Linux",
    "tenancy": "Shared",
    "preInstalledSw": "NA",
    "capacitystatus": "Used",
    "licenseModel": "No License required",
    "marketoption": "OnDemand",
    "operation": "RunInstances",
    "servicecode": "AmazonEC2",
    "servicename": "Amazon Elastic Compute Cloud",
}
# What stands beside each plain instance in the real list, at another price.
DECOYS: Mapping[str, Mapping[str, str]] = {
    "Windows": {"operatingSystem": "Windows", "licenseModel": "License Included"},
    "RHEL": {"operatingSystem": "RHEL", "licenseModel": "License Included"},
    "dedicated": {"tenancy": "Dedicated"},
    "dedicated host": {"tenancy": "Host"},
    "with a database": {"preInstalledSw": "SQL Std"},
    "reserved and unused": {"capacitystatus": "UnusedCapacityReservation"},
    "reserved and allocated": {"capacitystatus": "AllocatedCapacityReservation"},
    "own licence": {"licenseModel": "Bring your own license"},
    "edge": {"locationType": "AWS Local Zone", "regionCode": "us-east-1"},
    "another region": {"regionCode": "eu-west-1"},
    "capacity block": {"marketoption": "CapacityBlock"},
}


def product(instance_type: str, usd: str | None, **attributes: str) -> str:
    """One product as its JSON text; `usd` None is listed in another currency."""
    sku = f"SKU{abs(hash((instance_type, usd, *sorted(attributes.items())))):016X}"[:16]
    price = {"CNY": "7.2000000000"} if usd is None else {"USD": f"{float(usd):.10f}"}
    return json.dumps(
        {
            "product": {
                "productFamily": "Compute Instance",
                "attributes": {**PLAIN, "instanceType": instance_type, **attributes},
                "sku": sku,
            },
            "serviceCode": "AmazonEC2",
            "terms": {
                "OnDemand": {
                    f"{sku}.TERM": {
                        "priceDimensions": {
                            f"{sku}.TERM.RATE": {
                                "unit": "Hrs",
                                "beginRange": "0",
                                "endRange": "Inf",
                                "description": f"${usd} per On Demand Linux {instance_type} hour",
                                "appliesTo": [],
                                "rateCode": f"{sku}.TERM.RATE",
                                "pricePerUnit": price,
                            }
                        },
                        "sku": sku,
                        "effectiveDate": "2026-11-01T00:00:00Z",
                        "offerTermCode": "TERM",
                        "termAttributes": {},
                    }
                }
            },
            "version": "20261120180411",
            "publicationDate": PUBLISHED,
        }
    )


def everything(prices: Mapping[str, float]) -> Iterator[str]:
    """Each type with its price, and every decoy of it at another one."""
    for kind, usd in prices.items():
        yield product(kind, str(usd))
        for number, attributes in enumerate(DECOYS.values(), start=1):
            yield product(kind, str(usd + number), **attributes)
