import sys
from pathlib import Path

import pytest
import sentencepiece

from yoyak.errors import HostError
from yoyak.models.gguf_format import TokenType
from yoyak.models.vocabulary import Vocabulary, mistral_tokenizer_path, read_vocabulary


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return read_vocabulary(mistral_tokenizer_path())


@pytest.fixture(scope="module")
def reference() -> sentencepiece.SentencePieceProcessor:
    return sentencepiece.SentencePieceProcessor(model_file=str(mistral_tokenizer_path()))


def test_mistral_has_32000_tokens(vocabulary: Vocabulary) -> None:
    assert len(vocabulary) == 32_000


def test_pieces_and_scores_are_those_that_sentencepiece_reads(
    vocabulary: Vocabulary, reference: sentencepiece.SentencePieceProcessor
) -> None:
    ids = range(reference.get_piece_size())
    assert [piece.decode() for piece in vocabulary.pieces] == [
        reference.id_to_piece(i) for i in ids
    ]
    assert list(vocabulary.scores) == [reference.get_score(i) for i in ids]


def test_types_are_those_that_sentencepiece_reads(
    vocabulary: Vocabulary, reference: sentencepiece.SentencePieceProcessor
) -> None:
    def type_of(token_id: int) -> TokenType:
        if reference.is_byte(token_id):
            return TokenType.BYTE
        if reference.is_control(token_id):
            return TokenType.CONTROL
        return TokenType.UNKNOWN if reference.is_unknown(token_id) else TokenType.NORMAL

    assert list(vocabulary.types) == [type_of(i) for i in range(reference.get_piece_size())]


def test_special_ids_are_those_that_sentencepiece_reads(
    vocabulary: Vocabulary, reference: sentencepiece.SentencePieceProcessor
) -> None:
    ours = (vocabulary.unknown_id, vocabulary.begin_id, vocabulary.end_id)
    assert ours == (reference.unk_id(), reference.bos_id(), reference.eos_id())


def test_the_package_that_ships_the_tokenizer_is_not_imported() -> None:
    imported = "mistral_common" in sys.modules
    mistral_tokenizer_path()
    assert ("mistral_common" in sys.modules) == imported


def test_a_missing_package_is_named_with_the_command_that_mends_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("yoyak.models.vocabulary.find_spec", lambda _: None)
    with pytest.raises(HostError, match="pip install mistral-common"):
        mistral_tokenizer_path()


PIECE = b"\x0a\x05" + b"\x0a\x03abc"
BPE = b"\x12\x02\x18\x02"  # trainer: model type 2
MAPS_CHARACTERS = b"\x1a\x03\x12\x01x"  # normalizer: a character map


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (b"", "it has no pieces"),
        (BPE, "it has no pieces"),
        (PIECE, "it is not a BPE model"),
        (PIECE * 3 + BPE + MAPS_CHARACTERS, "it maps characters"),
        (PIECE + BPE, "its begin-of-text token is not in the vocabulary"),
        (b"\x08\x01", "a number stands where a message belongs"),
        (b"\x0a\x04\x0a\x02\xff\xfe" + BPE, "invalid start byte"),
        (b"\x0a\x02\x18\x63" + BPE, "99 is not a valid TokenType"),
        (b"<html>", "wire type"),
    ],
)
def test_a_file_that_is_no_fitting_model_is_refused(
    tmp_path: Path, model: bytes, reason: str
) -> None:
    path = tmp_path / "tokenizer.model"
    path.write_bytes(model)
    with pytest.raises(HostError, match=reason):
        read_vocabulary(path)


def test_the_smallest_fitting_model_is_read(tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.model"
    path.write_bytes(PIECE * 3 + BPE)
    vocabulary = read_vocabulary(path)
    assert vocabulary.pieces == (b"abc",) * 3
    assert vocabulary.adds_space_prefix


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="No such file"):
        read_vocabulary(tmp_path / "absent.model")
