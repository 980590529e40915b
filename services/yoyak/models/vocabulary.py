"""Mistral's vocabulary, read from the SentencePiece model that the package mistral-common ships.

A synthetic model gets the real tokenizer, so that a text costs as many tokens as with the real one.

Source: sentencepiece_model.proto of SentencePiece, for the field numbers.
"""

import hashlib
import struct
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from yoyak.errors import HostError
from yoyak.models.gguf_format import TokenType
from yoyak.models.protobuf_fields import fields

_BPE = 2  # TrainerSpec.model_type
_FLOAT32 = struct.Struct("<f")


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """A SentencePiece vocabulary; pieces, scores and types have one entry a token."""

    pieces: tuple[bytes, ...]  # UTF-8; a space is U+2581
    scores: tuple[float, ...]
    types: tuple[TokenType, ...]
    unknown_id: int
    begin_id: int
    end_id: int
    adds_space_prefix: bool
    removes_extra_whitespace: bool
    sha256: str  # of the model file

    def __len__(self) -> int:
        return len(self.pieces)


def mistral_tokenizer_path() -> Path:
    """Return the path of Mistral's first tokenizer (32,000 tokens) in the package's data.

    The package is found but not imported: it takes most of a second.

    Raises:
        HostError: the package or its file is missing.
    """
    spec = find_spec("mistral_common")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(folder) / "data" / "tokenizer.model.v1"
        if path.is_file():
            return path
    raise HostError(
        "Mistral's tokenizer (data/tokenizer.model.v1 of the package mistral-common) is not "
        "installed; install it: pip install mistral-common"
    )


def read_vocabulary(path: Path) -> Vocabulary:
    """Read a SentencePiece BPE model.

    Raises:
        HostError: the file cannot be read, is no SentencePiece model, or is one that llama.cpp's
            tokenizer of the same name would treat differently (no BPE, a character map).
    """
    try:
        model = path.read_bytes()
        return _parse(model)
    except (OSError, ValueError) as error:
        raise HostError(
            f'"{path}" is no SentencePiece model that llama.cpp can follow ({error}); '
            "install mistral-common again: pip install --force-reinstall mistral-common"
        ) from error


def _parse(model: bytes) -> Vocabulary:
    pieces: list[tuple[bytes, float, TokenType]] = []
    trainer: dict[int, int | bytes] = {}
    normalizer: dict[int, int | bytes] = {}
    for number, value in fields(model):
        if number == 1:
            pieces.append(_piece(_message(value)))
        elif number == 2:
            trainer = dict(fields(_message(value)))
        elif number == 3:
            normalizer = dict(fields(_message(value)))
    if not pieces:
        raise ValueError("it has no pieces")
    if trainer.get(3) != _BPE:
        raise ValueError("it is not a BPE model")
    if normalizer.get(2):
        raise ValueError("it maps characters before it splits them")
    ids = {name: trainer.get(field, default) for name, field, default in _SPECIAL_IDS}
    for name, token_id in ids.items():
        if not isinstance(token_id, int) or token_id >= len(pieces):
            raise ValueError(f"its {name} token is not in the vocabulary")
    return Vocabulary(
        pieces=tuple(piece for piece, _, _ in pieces),
        scores=tuple(score for _, score, _ in pieces),
        types=tuple(kind for _, _, kind in pieces),
        unknown_id=int(ids["unknown"]),
        begin_id=int(ids["begin-of-text"]),
        end_id=int(ids["end-of-text"]),
        adds_space_prefix=bool(normalizer.get(3, True)),
        removes_extra_whitespace=bool(normalizer.get(4, True)),
        sha256=hashlib.sha256(model).hexdigest(),
    )


# (name, field of TrainerSpec, default)
_SPECIAL_IDS = (("unknown", 40, 0), ("begin-of-text", 41, 1), ("end-of-text", 42, 2))


def _message(value: int | bytes) -> bytes:
    if isinstance(value, int):
        raise ValueError("a number stands where a message belongs")  # noqa: TRY004 - bad data
    return value


def _piece(message: bytes) -> tuple[bytes, float, TokenType]:
    text, score, kind = b"", 0.0, TokenType.NORMAL
    for number, value in fields(message):
        if number == 1:
            text = _message(value)
            text.decode()  # UnicodeDecodeError is a ValueError
        elif number == 2:
            packed = _message(value)
            if len(packed) != _FLOAT32.size:
                raise ValueError("a score is not a float")
            (score,) = _FLOAT32.unpack(packed)
        elif number == 3:
            kind = TokenType(value if isinstance(value, int) else 0)
    return text, score, kind
