"""A page's bytes as text, whatever character set they claim."""

import codecs
import re
from dataclasses import dataclass

from resiliparse.parse.encoding import detect_encoding

META_BYTES = 4096  # how far the declaration is looked for; the standard's parsers look at 1,024
BROKEN_MAX_RATIO = 0.02  # of the non-ASCII characters: a cut character in an advertisement

# Korean pages that say EUC-KR mean Windows' superset of it: 똠 and 8,821 others are missing there.
_CP949 = frozenset(
    {"euckr", "euc_kr", "ks_c_5601", "ks_c_5601_1987", "ksc5601", "ksc_5601", "windows_949",
     "x_windows_949", "uhc", "ms949", "cp949", "949", "korean"}
)  # fmt: skip
# A server's default that says nothing about the page: any byte is valid in these.
_WEAK = frozenset({"iso8859-1", "latin-1", "cp1252", "ascii"})
_META = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_\-]+)", re.IGNORECASE)
_XML = re.compile(rb"^\s*<\?xml[^>]{0,100}?encoding\s*=\s*[\"']([A-Za-z0-9_\-]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Decoded:
    """A page as text, and the codec that fitted."""

    text: str
    codec: str


def decode_page(body: bytes, declared: str | None) -> Decoded | None:
    """Return the page as text, or None where no character set fits its bytes.

    In this order, each taken only where every byte is valid: byte order mark, the charset of the
    Content-Type header, of the meta element, UTF-8, CP949, detection. Where none fits, the one
    with the fewest broken characters, if they are at most 2 % of the non-ASCII ones.
    """
    for mark, codec in ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"),
                        (codecs.BOM_UTF16_BE, "utf-16")):  # fmt: skip
        if body.startswith(mark):
            return Decoded(body.decode(codec, "replace").lstrip("\ufeff"), codec)
    candidates = _candidates(body, declared)
    for codec in candidates:
        try:
            return Decoded(body.decode(codec), codec)
        except UnicodeDecodeError:
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
    strong = [c for c in found if c and c not in _WEAK]
    weak = [c for c in found if c in _WEAK]
    if b"\x00" not in body[:META_BYTES]:
        strong.append(_codec(detect_encoding(body[: 16 * META_BYTES])) or "utf-8")
    # A page in a Western character set is seldom valid UTF-8 by chance, so UTF-8 goes first; CP949
    # often is, so it waits where the page says that it is Western.
    if weak and meta in _WEAK | {None}:
        strong = [c for c in strong if c != "cp949"]
    return list(dict.fromkeys(c for c in (*strong, *weak) if c))


def _codec(name: str | None) -> str | None:
    if not name:
        return None
    plain = name.strip().lower().replace("-", "_")
    if plain in _CP949:
        return "cp949"
    try:
        return codecs.lookup(plain).name
    except LookupError:
        return None


def _broken_ratio(text: str) -> float:
    other = sum(not c.isascii() for c in text)
    return text.count("\ufffd") / other if other else 0.0
