"""The prompt: template, nonce and digest, the same in the client and in the summarizer."""

import hashlib

NONCE_DIGITS = 16
_MODULUS = 10**NONCE_DIGITS
# Odd and no multiple of 5, so index -> index * STRIDE mod 10^16 repeats no value; near the golden
# section of the modulus, so that the nonces of neighbouring requests differ from the first digit on
# (a shared first digit would be a shared cached token).
_STRIDE = 6_180_339_887_498_949

TEMPLATE = """\
{nonce}
다음 뉴스 기사를 한국어 세 문장으로 요약하세요. 기사에 없는 내용은 쓰지 마세요.

제목: {title}

{text}

요약:"""

TEMPLATE_SHA256 = hashlib.sha256(TEMPLATE.encode()).hexdigest()


def nonce(run_id: str, index: int) -> str:
    """Return 16 decimal digits for the request `index` of a run; no two indexes share them.

    (sha256(run_id) + index * stride) mod 10^16, zero-padded: the length never varies, so neither
    does the work. Placed first in the prompt, it defeats every prefix cache from the first token.
    """
    if index < 0:
        raise ValueError("index counts requests from 0")
    offset = int.from_bytes(hashlib.sha256(run_id.encode()).digest()[:8], "big")
    return f"{(offset + index * _STRIDE) % _MODULUS:0{NONCE_DIGITS}d}"


def is_nonce(text: str) -> bool:
    """Say whether `text` has a nonce's form."""
    return len(text) == NONCE_DIGITS and text.isascii() and text.isdigit()


def build_prompt(*, nonce: str, title: str, text: str) -> str:
    """Return the whole text that is sent to the engine for one article."""
    return TEMPLATE.format(nonce=nonce, title=title, text=text)
