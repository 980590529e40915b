import re
from pathlib import Path

import pytest

from yoyak.bench.stack.settings import NAMES, check_crawl, check_names
from yoyak.config import ENVIRONMENT_PREFIX, PARSERS
from yoyak.errors import UsageError

EXAMPLE = Path(__file__).parents[5] / ".env.example"


def test_what_is_known_is_what_is_documented() -> None:
    documented = re.findall(r"^# (YOYAK_[A-Z0-9_]+)=", EXAMPLE.read_text(), re.MULTILINE)
    runs = {name for name in documented if name.startswith(ENVIRONMENT_PREFIX)}
    assert sorted(set(documented) - runs) == sorted(NAMES)
    assert {name.removeprefix(ENVIRONMENT_PREFIX).lower() for name in runs} <= set(PARSERS)


def test_a_misspelt_name_is_told_with_the_right_one() -> None:
    with pytest.raises(UsageError, match=r"YOYAK_MODLE in \.env .* did you mean YOYAK_MODEL\?"):
        check_names({"YOYAK_MODLE": "m"})


def test_an_option_of_the_benchmark_that_there_is_not() -> None:
    with pytest.raises(UsageError, match="did you mean YOYAK_RUN_ARTICLES"):
        check_names({"YOYAK_RUN_ARTICLE": "8"})


def test_every_documented_name_and_others_variables_pass() -> None:
    check_names({**dict.fromkeys(NAMES, ""), "PATH": "/bin", "COMPOSE_FILE": "compose.yaml"})


def test_a_site_without_a_keyword_is_told_and_not_passed_over() -> None:
    site = {"YOYAK_CRAWL_URL": "https://news.example/"}
    with pytest.raises(UsageError, match=r"without YOYAK_KEYWORD; .* or to \* for all"):
        check_crawl(site)
    for keyword in ("반도체", "*"):
        check_crawl({**site, "YOYAK_KEYWORD": keyword})
    check_crawl({"YOYAK_KEYWORD": "반도체"})
    check_crawl({})
