"""Lines that stand in an article's body without being its text."""

import re
import unicodedata
from collections.abc import Sequence

HEAD_LINES = 5  # how far from the top the title, the date and the byline are looked for
TAIL_LINES = 6  # how far from the bottom a copyright line is looked for between other lines
LABEL_CHARS = 90  # a longer line is a sentence, whatever it begins with
BYLINE_CHARS = 60
SPACES = 20  # more signs than that on one side only, and two lines are not the same
SURE_ENDING_CHARS = 180  # copyright notices name laws and addresses
CREDITS_CHARS = 300

_MAIL = r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
_POST = (
    r"(?:선임|수습|인턴|전문|객원|시민)?"
    r"(?:기자|특파원|논설위원|논설실장|앵커|리포터|에디터|편집장|PD)"
)
_REPORTER = rf"[가-힣]{{2,4}}(?:(?:\s|\s*[·,]\s*)[가-힣]{{2,4}}){{0,4}}\s*{_POST}"
# Names before one post, "홍길동 김철수 기자", or each with its own.
_REPORTERS = rf"{_REPORTER}(?:\s*[,·]\s*{_REPORTER})*"
_MONTH = r"(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]*\.?"


def _one_of(*patterns: str) -> str:
    return f"(?:{'|'.join(patterns)})"


_HEAD_DATE = re.compile(
    # labels such as "입력 :" or "Last updated on", a weekday, then a date
    r"^(?:"
    + _one_of(
        r"(?:기사)?입력", r"등록", r"승인", r"(?:최종)?수정", r"게재", r"발행", r"작성",
        r"(?:first |last )?(?:posted|published|updated|modified)",
    )
    + r"\s*(?:일시?|시간|on|at)?\s*[:|]?\s*)*"
    + r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?,?\s+)?"
    + _one_of(
        r"\d{4}\s*[-./년]\s*\d{1,2}\s*[-./월]\s*\d{1,2}",
        r"\d{1,2}[-./]\d{1,2}[-./]\d{2,4}",
        rf"{_MONTH}\s+\d{{1,2}},?\s+\d{{4}}",
        rf"\d{{1,2}}(?:st|nd|rd|th)?\s+{_MONTH},?\s+\d{{4}}",
    ),
    re.IGNORECASE,
)  # fmt: skip
_HEAD_BYLINE = re.compile(
    "^" + _one_of(r"by[:\s]\s*\S.*", rf"(?:{_REPORTER}\s*[,·/|]?\s*)+(?:\(?{_MAIL}\)?)?") + "$",
    re.IGNORECASE,
)
_LABEL = re.compile(
    r"^\W*"
    + _one_of(
        r"read (?:more|next|also|the full story)\b", r"see also\b", r"also read\b", r"more:",
        r"related:", r"related (?:articles?|stories|news|content|posts?|topics?|coverage)\b",
        r"recommended(?: for you)?:?$", r"advertisements?\b\W*$", r"sponsored\b\W*$",
        r"story continues(?: below)?", r"continue reading\b", r"scroll (?:down )?(?:for|to)\b",
        r"click here (?:to|for)\b", r"watch(?: now)?:", r"listen(?: now)?:", r"photos?:",
        r"you (?:may|might) also (?:like|enjoy|be interested)\b",
        r"click to (?:tweet|share|enlarge)\W*$",
        r"text size\W*$",
        r"getty images$", r"image source,?", r"image caption,?",
        r"관련\s*(?:기사|뉴스|글)\b", r"추천\s*(?:기사|뉴스|콘텐츠)\b",
        r"많이\s*본\s*(?:기사|뉴스)\b",
        r"광고\W*$", r"광고\s*\[", r"인기\s*기사\b", r"함께\s*보면\s*좋은", r"더\s*보기\W*$",
        r"(?:전체\s*)?기사\s*(?:전체\s*)?(?:더\s*)?보기", r"다른\s*기사\s*(?:더\s*)?보기",
    ),
    re.IGNORECASE,
)  # fmt: skip
_SURE_ENDING = re.compile(r"무단\s*전재|재배포\s*금지|all rights reserved", re.IGNORECASE)
_ENDING = re.compile(
    "^"
    + _one_of(
        r"\W*(?:ⓒ|©|\(c\)|copyright|저작권자)",
        rf"[<\[(]?\s*{_MAIL}\s*[>\])]?$",
        rf"[\[(<]?(?:{_REPORTER}|[가-힣]{{2,4}})?\s*[=|/]?\s*[(<\[]?{_MAIL}[)>\]]?$",
        r"[\[(<]\s*출처\s*[\])>]\s*\S{1,20}$",
        rf"(?:{_REPORTER}\s*[,·/|]?\s*)+$",
        r"[▶☞▷►■◆●]\s*\S",
        rf"[\[(<][^\])>]{{0,20}}{_REPORTER}[^\])>]{{0,40}}[\])>]$",
        r"\[(?:영상|촬영|사진|편집|취재|그래픽)[^\]]*\]$",
        r"\(?(?:영상|촬영|사진|편집)\s*(?:취재|편집|기자|제공)\s*[:=]",
        r"제보는?\s", r"기사\s*제보", r"네이버\s*(?:채널|메인)", r"카카오톡\s*[:@]",
        r"구독\s*(?:하기|신청)", r"#\S+(?:\s+#\S+)*$", r"tags?:", r"topics?:", r"categories:",
        r"filed under\b", r"share (?:this|on)\b", r"write to .{1,60}@",
        r"follow (?:us|@|him|her|them|our|\w+['’]s)\b", r"more\b.{0,40}https?://",
        r"(?:reach|contact) (?:the (?:reporters?|authors?|writers?)|him|her|them)\b",
        r"sign up (?:for|to)\b", r"subscribe (?:to|now|here)\b", r"comments?(?:\s*\(\d+\))?$",
        r"leave a (?:reply|comment)\b", r"most read\b", r"trending\b", r"read or share this story",
    ),
    re.IGNORECASE,
)  # fmt: skip
# Who else worked on it: a list of names, so longer than a label.
_CREDITS = re.compile(
    r"^\W*(?:additional )?(?:reporting|writing|editing)(?: and \w+)? by\b"
    r"|\bcontributed (?:reporting|to this (?:report|story|article))\b",
    re.IGNORECASE,
)
# A dateline: press or place in brackets, with or without reporters, then an equals sign.
_SOURCE = _one_of(
    r"[^])】=]{1,20}=[^])】]{1,30}",  # 서울=너른통신, 너른통신=홍길동 기자
    rf"[^])】]{{1,20}}\s{_REPORTERS}",
    r"[가-힣A-Za-z0-9]{1,12}(?:뉴스|일보|신문|경제|데일리|저널|타임스|투데이)",
)
_DATELINE = re.compile(
    rf"^(?:[\[(【]{_SOURCE}[\])】]\s*(?:{_REPORTERS}\s*)?(?:=\s*)?|{_REPORTERS}\s*=\s*)"
)
_PHOTO_CREDIT = re.compile(
    _one_of(
        r"^(?:사진|자료|그래픽|출처|일러스트)\s*[=:/]\s*\S",
        r"[./]\s*(?:사진|그래픽)\s*[=:]\s*\S{1,20}$",
        r"[\[(<]\s*(?:사진|자료|그래픽|출처|이미지)\s*[=:/ ]?[^\])>]{0,30}[\])>]\s*$",
        r"/\s*(?:사진|자료)?\s*(?:연합뉴스|뉴시스|뉴스1|게티이미지\S*)\s*(?:제공)?$",
        r"[.\s][©ⓒ]\s*\S{1,20}(?:\s\S{2,8})?$",
        r"^[▲△]\s*\S.*(?:사진|제공|[©ⓒ]|출처)",
    )
)


def article_lines(lines: Sequence[str], *, title: str) -> list[str]:
    """Return the lines without the furniture at the head, in the middle and at the end.

    Head: the title repeated, a date line, a byline, and a Korean dateline before the first words.
    Anywhere: short labels such as "Read more". End: copyright, addresses, tags, calls to follow.
    What looks like a label but is long is text, and stays.
    """
    kept = _without_head([line for line in lines if not _is_label(line)], title)
    while kept and _is_ending(kept[-1]):
        kept.pop()
    tail = max(0, len(kept) - TAIL_LINES)
    kept = kept[:tail] + [line for line in kept[tail:] if not _is_sure_ending(line)]
    if kept:
        kept[0] = _DATELINE.sub("", kept[0], count=1).lstrip() or kept[0]
    return kept


def is_same_line(one: str, other: str) -> bool:
    """Return whether two lines hold the same letters and digits."""
    if len(one) > 2 * len(other) + SPACES or len(other) > 2 * len(one) + SPACES:
        return False  # spaces and signs do not make up for that
    letters = _letters(one)
    return bool(letters) and letters == _letters(other)


def _without_head(lines: list[str], title: str) -> list[str]:
    head = [line for line in lines[:HEAD_LINES] if not (title and is_same_line(line, title))]
    while head and (_is_date_line(head[0]) or _is_byline(head[0])):
        head.pop(0)
    return head + lines[HEAD_LINES:]


def _is_date_line(line: str) -> bool:
    return len(line) <= LABEL_CHARS and bool(_HEAD_DATE.match(line)) and not _is_sentence(line)


def _is_byline(line: str) -> bool:
    return len(line) <= BYLINE_CHARS and bool(_HEAD_BYLINE.match(line)) and not _is_sentence(line)


def _is_label(line: str) -> bool:
    if len(line) > LABEL_CHARS:
        return False
    return bool(_LABEL.match(line) or _PHOTO_CREDIT.search(line))


def _is_ending(line: str) -> bool:
    if len(line) <= LABEL_CHARS and _ENDING.match(line):
        return True
    return _is_sure_ending(line) or (len(line) <= CREDITS_CHARS and bool(_CREDITS.search(line)))


def _is_sure_ending(line: str) -> bool:
    return len(line) <= SURE_ENDING_CHARS and bool(_SURE_ENDING.search(line))


def _is_sentence(line: str) -> bool:
    return line.endswith(("다.", "요.", "까?", "!")) or len(re.findall(r"[.!?] [A-Z]", line)) > 1


def _letters(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())
