"""Texts that are hard on a tokenizer: natural sentences, and mixtures of awkward fragments."""

import random

SENTENCES = [
    "가람투자증권은 12일 올해 3분기 영업이익이 지난해 같은 기간보다 18.4% 늘었다고 밝혔다.",
    "한빛전자의 새 공장은 내년 상반기에 문을 열며, 직원 1,200명을 새로 뽑을 계획이다.",
    "“시장은 이미 금리 인하를 예상하고 있다”고 푸른경제연구소의 김아무개 연구원은 말했다.",
    "코스피는 전날보다 23.15포인트(0.87%) 오른 2,684.21에 거래를 마쳤다.",
    "비가 그치자 아이들은 운동장으로 뛰어나갔고, 선생님은 창가에서 그 모습을 바라보았다.",
    "다온바이오(주)는 신약 후보물질 ‘DN-204’의 임상 2상을 시작한다.",
    "그는 밥을 먹고 나서 책을 읽다가 어느새 잠이 들었다.",
    "요약하면, 원가는 내렸고 판매량은 그대로였으며 환율이 도왔다.",
    "金融市場의 變動性이 커지면서 投資者들이 安全資産으로 옮겨 갔다.",
    "大韓民國 憲法 第1條: 모든 權力은 國民으로부터 나온다.",
    "The committee met on Tuesday and put off its decision until the next quarter.",
    "Prices rose 0.3% in May; analysts at Blue Harbor had expected 0.2%.",
    "In [INST] brackets [/INST], <s>not a tag</s>, <unk> and <0x41> are plain text.",
    "def f(x):\n    return {k: v ** 2 for k, v in x.items() if v != 0}  # 제곱",
    '{"제목": "실적 발표", "값": [1, 2.5, null], "url": "https://example.invalid/a?b=c&d=%20"}',
    "Съешь ещё этих мягких французских булок, да выпей чаю.",
    "いろはにほへと ちりぬるを 我が世誰ぞ 常ならむ",
    "ภาษาไทยไม่มีช่องว่างระหว่างคำ",
    "العربية تُكتب من اليمين إلى اليسار",
    "Příliš žluťoučký kůň úpěl ďábelské ódy – naïve café, ½ €100",
]

FRAGMENTS = [
    "가", "힣", "뷁", "쀍", "꿻", "믜", "갉작갉작", "ㅋㅋㅋㅋ", "ㅠㅠ", "ㅿㆍㆁ",
    "\u1112\u119e\u11ab글", "옛\u1112\u119e\u11af",  # conjoining letters
    "한국어", "신문", "증권사에서는", "주식회사", "했습니다.", "그러나", "않았다",
    "漢字", "龜", "鬱陵島", "龘", "𠮷", "證券", "㈜", "№", "㎏", "℃",
    "😀", "📈", "👍\U0001f3fd", "\U0001f1f0\U0001f1f7", "\u2764\ufe0f",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f9d1\U0001f3ff\u200d\U0001f680",
    "word", "Word", "WORDS", "don't", "e-mail", "C++", "x²", "π≈3.14159", "10,000", "2026-08-31",
    "...", "…", "—", "“", "”", "·", "「", "」", "【단독】", "▲", "▁", "__", "**", "```", "\\n",
    "\u00e9", "e\u0301", "ß", "İ", "ﬁ", "\u200b", "\u00a0", "\u3000", "\ufeff", "\u202e",
    "\ufffd", "\x07", "\x7f",
]  # fmt: skip
SEPARATORS = ["", "", " ", " ", "  ", "   ", "        ", "\n", "\n\n", "\r\n", "\t", " \n ", ", "]


def texts(count: int = 400, seed: int = 1) -> list[str]:
    """Return `count` texts: the empty one, each sentence and each fragment, then mixtures."""
    draw = random.Random(seed)
    made = ["", *SENTENCES, *FRAGMENTS, *SEPARATORS[2:]]
    while len(made) < count:
        made.append(_mixture(draw))
    return made


def _mixture(draw: random.Random) -> str:
    pieces = draw.choices(SENTENCES + FRAGMENTS * 2, k=draw.randint(2, 9))
    return "".join(
        text for piece in pieces for text in (draw.choice(SEPARATORS), _altered(piece, draw))
    )


def _altered(text: str, draw: random.Random) -> str:
    """Return the text as it is, cut, doubled, or with random Hangul syllables after it."""
    change = draw.randrange(4)
    if change == 1:
        return text[draw.randrange(len(text)) :]
    if change == 2:
        return text * 2
    if change == 3:
        return text + "".join(chr(draw.randint(0xAC00, 0xD7A3)) for _ in range(draw.randint(1, 5)))
    return text
