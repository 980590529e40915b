"""Pages that we wrote after publishers' structures, each stored beside its article."""

from collections.abc import Callable

import pytest

from newscrawl.extract import extract
from newscrawl.extract.decoding import decode_page

FACTS = {
    "naru": (  # classes that are hashes, a div a paragraph, a digest by a machine above them
        "https://www.narukyungje.example/article/2026112007",
        "utf-8",
        {
            "title": "빈 점포 40곳, 골목 공방으로…나루시의 2년",
            "published_at": "2026-11-20T06:30:00+09:00",
            "modified_at": "2026-11-20T09:12:00+09:00",
            "press": "나루경제",
            "author": "윤슬아, 도담",
            "section": "지역",
            "language": "ko",
        },
    ),
    "solbaram": (  # tables of 2004, their bytes in CP949 and declared by its oldest name
        "http://www.solbaram.example/view.php?n=30110",
        "cp949",
        {
            "title": "산들읍 옛 역사, 내년 봄 작은 영화관으로 다시 문 연다",
            "published_at": "2026-11-19T17:22:05+09:00",
            "press": "솔바람신문",
            "author": "노을이",
            "language": "ko",
        },
    ),
    "hanmul": (  # an interview whose text is in the state of a Remix application alone
        "https://today.hanmulgyeol.example/people/240911",
        "utf-8",
        {
            "title": "[인터뷰] “숲은 한 사람이 지키지 못한다”",
            "published_at": "2026-11-18T05:00:00+00:00",
            "press": "한물결투데이",
            "author": "별하늘",
            "language": "ko",
            "path": "embedded_json",
        },
    ),
}


@pytest.mark.parametrize("name", FACTS)
def test_the_text_is_the_article_and_nothing_else(
    name: str, stored_page: Callable[[str], str], stored_text: Callable[[str], str]
) -> None:
    url, codec, facts = FACTS[name]
    decoded = decode_page(stored_page(f"publishers/{name}").encode(codec), None)
    assert decoded is not None
    found = extract(decoded.text, url)
    assert found.text == stored_text(f"publishers/{name}")
    assert {fact: getattr(found, fact) for fact in facts} == facts
