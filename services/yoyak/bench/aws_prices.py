"""Today's prices from the AWS Pricing API; needs boto3, which is no part of the base install."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from yoyak.analysis.price_list import FORMAT, SERVICE, ListedPrices, filters, listed_prices
from yoyak.analysis.prices import PriceTable, parse_prices
from yoyak.errors import HostError, UsageError, one_line
from yoyak.store.codec import to_json
from yoyak.store.run_folder import read_text, replace_file

API_REGION = "us-east-1"  # one of the few that have the API; it lists every region's prices
PAGE = 100  # products in one answer, the most that it gives
CONNECT_S, READ_S, ATTEMPTS = 10, 30, 3
WHAT = "EC2 on-demand prices in USD an hour: Linux, shared tenancy, without storage or traffic"


def refresh_prices(path: Path, regions: Sequence[str], *, today: date) -> Sequence[ListedPrices]:
    """Write the prices of some regions into a price file; its other regions stay as they are.

    Raises:
        UsageError: the file is there and no price file, or a region has no prices.
        HostError: boto3 is missing, the API cannot be reached, or it refuses the account.
    """
    table = (
        parse_prices(read_text(path), where=str(path))
        if path.exists()
        else PriceTable(what=WHAT, regions={})
    )
    found = {region: region_prices(region, today=today) for region in regions}
    prices = {region: listed.prices for region, listed in found.items()}
    table = replace(table, regions={**table.regions, **prices})
    replace_file(path, to_json(table, indent=2) + "\n")
    return tuple(found.values())


def region_prices(region: str, *, today: date) -> ListedPrices:
    """Return today's prices of a region.

    Raises:
        UsageError: the region has none, so it is probably no region.
        HostError: as above.
    """
    listed = listed_prices(_products(region), region=region, retrieved=today.isoformat())
    if not listed.prices.usd_per_hour:
        raise UsageError(
            f'the AWS Pricing API lists no prices in USD for the region "{one_line(region)}"; '
            "name one such as us-east-1 or ap-northeast-2"
        )
    return listed


def _products(region: str) -> Iterator[str]:
    try:
        import boto3  # an extra: only this command needs it
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError, ClientError
    except ImportError as error:
        raise HostError(
            "prices come through boto3, which is not installed; pip install 'yoyak[aws]'"
        ) from error
    config = Config(
        connect_timeout=CONNECT_S,
        read_timeout=READ_S,
        retries={"total_max_attempts": ATTEMPTS, "mode": "standard"},
    )
    try:
        pages = (
            boto3.Session()
            .client("pricing", region_name=API_REGION, config=config)
            .get_paginator("get_products")
            .paginate(
                ServiceCode=SERVICE,
                FormatVersion=FORMAT,
                Filters=[
                    {"Type": "TERM_MATCH", "Field": field, "Value": value}
                    for field, value in filters(region).items()
                ],
                PaginationConfig={"PageSize": PAGE},
            )
        )
        for page in pages:
            yield from map(_text, page["PriceList"])
    except ClientError as error:
        raise HostError(
            f"the AWS Pricing API refused: {one_line(str(error))}; the account needs the right "
            "pricing:GetProducts"
        ) from error
    except BotoCoreError as error:
        raise HostError(
            f"the AWS Pricing API cannot be asked: {one_line(str(error))}; give AWS credentials "
            "(AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY) and check the network"
        ) from error


def _text(product: Any) -> str:  # noqa: ANN401 - JSON text, or what newer versions of boto3 made of it
    return product if isinstance(product, str) else json.dumps(product)
