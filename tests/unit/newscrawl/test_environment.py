import pytest

from newscrawl.environment import budget_file, naver_keys
from yoyak.errors import UsageError

OLD = {"NAVER_CLIENT_ID": "a", "NAVER_CLIENT_SECRET": "b"}
NEW = {"NAVER_API_HUB_KEY_ID": "c", "NAVER_API_HUB_KEY": "d"}


def test_the_home_that_lasts_comes_first() -> None:
    assert naver_keys({**OLD, **NEW}, home=None).home.name == "hub"


def test_the_old_home_is_taken_where_it_is_all_there_is() -> None:
    keys = naver_keys(OLD, home=None)
    assert keys.headers() == {"X-Naver-Client-Id": "a", "X-Naver-Client-Secret": "b"}


def test_a_home_may_be_chosen() -> None:
    assert naver_keys({**OLD, **NEW}, home="developers").id == "a"


@pytest.mark.parametrize("environment", [{}, {"NAVER_CLIENT_ID": "a"}, {"NAVER_CLIENT_ID": " "}])
def test_without_keys_the_way_to_them_is_told(environment: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="yoyak crawl site URL"):
        naver_keys(environment, home=None)


def test_the_budget_is_kept_where_state_belongs() -> None:
    assert str(budget_file({"XDG_STATE_HOME": "/s"})) == "/s/yoyak/naver-api-calls.json"
    assert str(budget_file({"HOME": "/h"})) == "/h/.local/state/yoyak/naver-api-calls.json"
