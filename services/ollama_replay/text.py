"""What a replay answers: filler sentences of our own in Korean, cut into pieces like tokens.

The pieces run in a circle. An answer begins at the start of a sentence that depends on the seed and
on what was asked, so that the same question has the same answer, as at temperature 0.
"""

from functools import cache
from zlib import crc32

SENTENCES = (
    "가람시는 올해 도서관 세 곳을 새로 연다고 밝혔다.",
    "미르전자는 다음 달부터 작은 가전의 수리 기간을 두 배로 늘린다.",
    "항구의 아침 시장에는 비가 와도 손님이 끊이지 않았다.",
    "연구진은 얼음 아래에서 자라는 이끼의 무게를 열두 해 동안 쟀다.",
    "새 버스 노선은 산 아래 마을과 기차역을 이십 분 만에 잇는다.",
    "도라지식품은 포장을 종이로 바꾸어 쓰레기를 삼 할 줄였다.",
    "주민들은 낡은 다리를 허물지 말고 걷는 길로 쓰자고 했다.",
    "바람이 센 언덕에 풍차 여섯 기가 나란히 섰다.",
    "학교 텃밭에서 거둔 감자는 모두 이웃에게 돌아갔다.",
    "누리해운의 배는 예정보다 하루 늦게 부두에 닿았다.",
    "위원회는 셈이 맞을 때까지 결정을 미루기로 했다.",
    "극장은 겨울 동안 옛 영화를 낮은 값에 보여 준다.",
    "강물이 불어 나루터는 이틀 동안 문을 닫았다.",
    "시장은 약속한 날짜를 지키겠다고 다시 말했다.",
    "한빛통신은 섬마을 서른 곳에 새 안테나를 세웠다.",
    "과수원 주인은 서리가 걱정되어 밤새 불을 피웠다.",
    "작은 서점이 모여 밤늦게까지 책을 읽는 잔치를 열었다.",
    "기상대는 다음 주에 첫눈이 올 것으로 내다보았다.",
    "경기는 연장 끝에 한 점 차이로 끝났다.",
    "철도 회사는 오래된 역의 시계를 모두 맞추었다.",
    "의사들은 물을 자주 마시고 그늘에서 쉬라고 권했다.",
    "새로 찾은 별은 맨눈으로 볼 수 없을 만큼 어둡다.",
    "축제의 마지막 날 불꽃은 안개에 가려 보이지 않았다.",
    "농부들은 볍씨를 나누어 심고 가을에 견주기로 했다.",
)
PIECE_CHARS = (2, 1, 3, 2, 1, 2)  # over and over: a token of Korean news is one to three characters


@cache
def pieces() -> tuple[str, ...]:
    """Return all pieces in order; joined they are the sentences, each followed by a space."""
    return tuple(piece for sentence in SENTENCES for piece in cut(f"{sentence} "))


@cache
def starts() -> tuple[int, ...]:
    """Return the index of the piece that begins each sentence."""
    counts = [len(cut(f"{sentence} ")) for sentence in SENTENCES]
    return tuple(sum(counts[:i]) for i in range(len(counts)))


def cut(sentence: str) -> list[str]:
    """Return a sentence in pieces of PIECE_CHARS characters."""
    found, position, turn = [], 0, 0
    while position < len(sentence):
        length = PIECE_CHARS[turn % len(PIECE_CHARS)]
        found.append(sentence[position : position + length])
        position, turn = position + length, turn + 1
    return found


def answer_start(seed: int, question: str) -> int:
    """Return the piece at which the answer to a question begins."""
    among = starts()
    return among[crc32(f"{seed} {question}".encode("utf-8", "surrogatepass")) % len(among)]


def answer_text(start: int, first: int, count: int) -> str:
    """Return the pieces `first` to `first + count - 1` of an answer, joined."""
    circle = pieces()
    size = len(circle)
    if count == 1:  # the usual chunk, on the way to a socket
        return circle[(start + first) % size]
    return "".join(circle[(start + i) % size] for i in range(first, first + count))
