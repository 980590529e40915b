"""A page's bytes as text, whatever character set they claim."""

import codecs
import re
from dataclasses import dataclass

from resiliparse.parse.encoding import detect_encoding

META_BYTES = 4096  # how far the declaration is looked for; the standard's parsers look at 1,024
HANGUL_MIN_RATIO = 0.5  # of the non-ASCII bytes; hanja, quotes and rare syllables are the rest
BROKEN_MAX_RATIO = 0.02  # of the non-ASCII characters: a cut character in an advertisement

# Korean pages that say EUC-KR mean Windows' superset of it: 똠 and 8,821 others are missing there.
_CP949 = frozenset(
    {"euckr", "euc_kr", "ks_c_5601", "ks_c_5601_1987", "ksc5601", "ksc_5601", "windows_949",
     "x_windows_949", "uhc", "ms949", "cp949", "949", "korean"}
)  # fmt: skip
# Python's codecs that are no character sets of pages: they raise, or read escapes into the text.
_NO_CHARSETS = frozenset({"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined"})
# A server's default that says nothing about the page: any byte is valid in these.
_WEAK = frozenset({"iso8859-1", "latin-1", "cp1252", "ascii"})
_HANGUL = re.compile(rb"[\xb0-\xc8][\xa1-\xfe]")  # the 2,350 syllables of KS X 1001
_NOT_ASCII = re.compile(rb"[\x80-\xff]+")
_META = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_\-]+)", re.IGNORECASE)
_XML = re.compile(rb"^\s*<\?xml[^>]{0,100}?encoding\s*=\s*[\"']([A-Za-z0-9_\-]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Decoded:
    """A page as text, and the codec that fitted."""

    text: str
    codec: str


def decode_page(body: bytes, declared: str | None) -> Decoded | None:
    """Return the page as text, or None where no character set fits its bytes.

    In this order, each taken only where every byte is valid: byte order mark, UTF-8 where there are
    other than ASCII bytes (a text in another character set is not valid by chance), the charset of
    the Content-Type header, of the meta element, CP949, detection. Where none fits, the one with
    the fewest broken characters, if they are at most 2 % of the non-ASCII ones.
    """
    for mark, codec in ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"),
                        (codecs.BOM_UTF16_BE, "utf-16")):  # fmt: skip
        if body.startswith(mark):
            return Decoded(body.decode(codec, "replace").lstrip("\ufeff"), codec)
    candidates = _candidates(body, declared)
    for codec in candidates:
        try:
            return Decoded(body.decode(codec), codec)
        except UnicodeError:
            continue
    lossy = [(codec, body.decode(codec, "replace")) for codec in candidates]
    codec, text = min(lossy, key=lambda pair: _broken_ratio(pair[1]))
    return Decoded(text, codec) if _broken_ratio(text) <= BROKEN_MAX_RATIO else None


def _candidates(body: bytes, declared: str | None) -> list[str]:
    header = _codec(declared)
    head = body[:META_BYTES]
    match = _META.search(head) or _XML.search(head)
    meta = _codec(match[1].decode("ascii")) if match else None
    found = [header, meta, "utf-8", "cp949"]
    if not body.isascii():
        found.insert(0, "utf-8")
    strong = [c for c in found if c and c not in _WEAK]
    weak = [c for c in found if c in _WEAK]
    if b"\x00" not in body[:META_BYTES]:
        strong.append(_codec(detect_encoding(body[: 16 * META_BYTES])) or "utf-8")
    # A page in a Western character set is seldom valid UTF-8 by chance, so UTF-8 goes first; it may
    # be valid CP949 by chance, so that waits where the page says that it is Western and shows no
    # Hangul.
    if weak and meta in _WEAK | {None} and not _shows_hangul(body):
        strong = [c for c in strong if c != "cp949"]
    return list(dict.fromkeys(c for c in (*strong, *weak) if c))


def _shows_hangul(body: bytes) -> bool:
    """Return whether most of the non-ASCII bytes are pairs that EUC-KR has for Hangul."""
    other = len(body) - len(_NOT_ASCII.sub(b"", body))
    return 2 * len(_HANGUL.findall(body)) >= HANGUL_MIN_RATIO * other


def _codec(name: str | None) -> str | None:
    if not name:
        return None
    plain = name.strip().lower().replace("-", "_")
    if plain in _CP949:
        return "cp949"
    try:
        codec = codecs.lookup(plain).name
        "a".encode(codec)  # raises for what is between bytes and bytes, such as "hex"
    except (LookupError, UnicodeError):
        return None
    return None if codec.replace("-", "_") in _NO_CHARSETS else codec


def _broken_ratio(text: str) -> float:
    other = sum(not c.isascii() for c in text)
    return text.count("\ufffd") / other if other else 0.0
