"""`yoyak prices`: through boto3 to an API on loopback, into a file, and into a comparison."""

import contextlib
import csv
import io
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.data_factories.price_list import everything, product
from tests.integration.bench.pricing_server import PricingApi, pricing_server

from yoyak.analysis.price_list import SOURCE, filters
from yoyak.analysis.prices import parse_prices
from yoyak.cli.main import run_command_line

US = {"r5.4xlarge": 1.008, "m5.16xlarge": 3.072, "g5.16xlarge": 4.096, "t3.micro": 0.0104}
EXAMPLES = Path(__file__).parents[3] / "examples" / "ec2"


def yoyak(*arguments: str | Path) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run_command_line([str(argument) for argument in arguments])
    return code, out.getvalue(), err.getvalue()


def assert_one_line(err: str) -> None:
    assert err.startswith("error: ")
    assert err.count("\n") == 1


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[PricingApi]:
    """The API, and a shell with an account that reaches it."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "loopback")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "loopback")
    with pricing_server(PricingApi(products=tuple(everything(US)), page=3)) as running:
        monkeypatch.setenv("AWS_ENDPOINT_URL_PRICING", running.address)
        yield running


def test_todays_prices_are_written_with_date_and_source(api: PricingApi, tmp_path: Path) -> None:
    file = tmp_path / "prices.json"
    code, out, err = yoyak("prices", "refresh", "--region", "us-east-1", "--out", file)
    assert (code, err) == (0, "")
    assert "4 types in us-east-1, prices of 2026-11-20" in out
    found = parse_prices(file.read_text(), where=str(file)).regions["us-east-1"]
    assert found.usd_per_hour == US
    assert (found.source, found.published) == (SOURCE, "2026-11-20")
    assert found.retrieved == datetime.now(UTC).date().isoformat()
    assert api.requests


def test_every_page_is_asked_for_with_every_filter(api: PricingApi, tmp_path: Path) -> None:
    yoyak("prices", "refresh", "--region", "us-east-1", "--out", tmp_path / "prices.json")
    assert [request.get("NextToken") for request in api.requests] == [None, "3"]
    for request in api.requests:
        asked = {f["Field"]: f["Value"] for f in request["Filters"]}
        assert asked == filters("us-east-1")
        assert {f["Type"] for f in request["Filters"]} == {"TERM_MATCH"}
        assert request["ServiceCode"] == "AmazonEC2"


def test_other_regions_of_a_price_file_stay(api: PricingApi, tmp_path: Path) -> None:
    file = tmp_path / "prices.json"
    api.products = (*api.products, product("r5.4xlarge", "1.216", regionCode="ap-northeast-2"))
    assert yoyak("prices", "refresh", "--region", "us-east-1", "--out", file)[0] == 0
    assert yoyak("prices", "refresh", "--region", "ap-northeast-2", "--out", file)[0] == 0
    table = parse_prices(file.read_text(), where="file")
    assert list(table.regions) == ["us-east-1", "ap-northeast-2"]
    price = table.price("r5.4xlarge", "ap-northeast-2")
    assert price is not None
    assert price.usd_per_hour == 1.216


def test_a_type_with_several_prices_is_left_out_and_told(api: PricingApi, tmp_path: Path) -> None:
    api.products = (*api.products, product("t3.micro", "0.5"))
    file = tmp_path / "prices.json"
    code, out, err = yoyak("prices", "refresh", "--region", "us-east-1", "--out", file)
    assert (code, "3 types" in out) == (0, True)
    assert "t3.micro" in err
    assert "t3.micro" not in file.read_text()


def test_refreshed_prices_reach_a_comparison(api: PricingApi, tmp_path: Path) -> None:
    file = tmp_path / "prices.json"
    api.products = tuple(everything({"r5.4xlarge": 0.5, "m5.16xlarge": 7.0}))
    yoyak("prices", "refresh", "--region", "us-east-1", "--out", file)
    runs = [EXAMPLES / kind for kind in ("r5.4xlarge", "m5.16xlarge")]
    code, out, _ = yoyak(
        "compare", *runs, "--prices", file, "--region", "us-east-1", "--format", "json"
    )
    assert code == 0
    priced = {
        s["label"]: (s["usd_per_hour"], s["price_source"]) for s in json.loads(out)["subjects"]
    }
    assert {label: usd for label, (usd, _) in priced.items()} == {
        "r5.4xlarge": 0.5,
        "m5.16xlarge": 7.0,
    }
    assert all(SOURCE in source and "2026-11-20" in source for _, source in priced.values())


def test_a_region_without_prices_is_told(api: PricingApi, tmp_path: Path) -> None:  # noqa: ARG001 - it runs
    file = tmp_path / "prices.json"
    code, out, err = yoyak("prices", "refresh", "--region", "us-esat-1", "--out", file)
    assert (code, out) == (2, "")
    assert_one_line(err)
    assert "us-esat-1" in err
    assert not file.exists()


def test_a_file_of_another_kind_is_not_written_over(api: PricingApi, tmp_path: Path) -> None:
    file = tmp_path / "prices.json"
    file.write_text('{"my": "notes"}')
    code, _, err = yoyak("prices", "refresh", "--region", "us-east-1", "--out", file)
    assert code == 2
    assert_one_line(err)
    assert file.read_text() == '{"my": "notes"}'
    assert not api.requests


def test_an_account_without_the_right_is_told(api: PricingApi, tmp_path: Path) -> None:
    api.refusal = (400, "AccessDeniedException", "User is not authorized to perform this")
    code, _, err = yoyak("prices", "refresh", "--region", "us-east-1", "--out", tmp_path / "p.json")
    assert code == 3
    assert_one_line(err)
    assert "pricing:GetProducts" in err


def test_no_account_is_told(
    api: PricingApi,  # noqa: ARG001 - its environment
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    code, _, err = yoyak("prices", "refresh", "--region", "us-east-1", "--out", tmp_path / "p.json")
    assert code == 3
    assert_one_line(err)
    assert "AWS_PROFILE" in err


def test_an_api_that_is_down_is_told(
    api: PricingApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pricing_server(PricingApi(products=(), page=1)) as gone:
        address = gone.address
    assert address != api.address
    monkeypatch.setenv("AWS_ENDPOINT_URL_PRICING", address)
    code, _, err = yoyak("prices", "refresh", "--region", "us-east-1", "--out", tmp_path / "p.json")
    assert code == 3
    assert_one_line(err)


def test_without_boto3_the_extra_is_named() -> None:
    # None in sys.modules is how Python itself says that a module cannot be imported.
    script = (
        "import sys; sys.modules['boto3'] = None\n"
        "from yoyak.cli.main import run_command_line\n"
        "sys.exit(run_command_line(['prices', 'refresh', '--region', 'us-east-1']))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 3
    assert_one_line(ended.stderr)
    assert "pip install 'yoyak[aws]'" in ended.stderr


def test_known_prices_are_shown_with_date_and_source() -> None:
    code, out, err = yoyak("prices", "show", "r5.4xlarge", "--region", "us-east-1")
    assert (code, err) == (0, "")
    assert "1.0080" in out
    assert "2026-01-19" in out
    assert "AWS Pricing API" in out


def test_prices_are_shown_for_machines() -> None:
    _, out, _ = yoyak("prices", "show", "r5.4xlarge", "--format", "json")
    listed = json.loads(out)
    assert {(row["region"], row["usd_per_hour"]) for row in listed} == {
        ("us-east-1", 1.008),
        ("ap-northeast-2", 1.216),
    }
    assert all(row["date"] and row["source"] for row in listed)
    _, out, _ = yoyak("prices", "show", "r5.4xlarge", "--format", "csv")
    assert [row["usd_per_hour"] for row in csv.DictReader(io.StringIO(out))] == ["1.008", "1.216"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["x99.huge"], "x99.huge"),
        (["--region", "eu-north-9"], "eu-north-9"),
        (["--prices", "nowhere.json"], "nowhere.json"),
    ],
)
def test_prices_that_are_not_known_are_told(arguments: list[str], told: str) -> None:
    code, out, err = yoyak("prices", "show", *arguments)
    assert (code, out) == (2, "")
    assert_one_line(err)
    assert told in err
