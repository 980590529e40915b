"""Request bodies are refused with the status and words of Ollama."""

import json

import pytest

from ollama_replay.bodies import ApiError, parse_model_name, parse_question


def body(**fields: object) -> bytes:
    return json.dumps(fields).encode()


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "missing request body"),
        (b"  \n", "missing request body"),
        (b"{", "Expecting property name enclosed in double quotes at offset 1"),
        (b'{"model": "\xff"}', "invalid character in string literal: no UTF-8"),
        (b"[]", "json: cannot unmarshal array into Go value of a request"),
        (body(model=1), "json: cannot unmarshal number into Go struct field .model of type string"),
        (body(model="m", stream="no"), "field .stream of type bool"),
        (body(model="m", options=[]), "field .options of type map[string]interface {}"),
        (body(model="m", messages={}), "field .messages of type []api.Message"),
        (body(model="m", messages=["hi"]), "cannot unmarshal a message"),
        (body(model="m", keep_alive="300"), 'time: missing unit in duration "300"'),
    ],
)
def test_what_is_no_chat_request_is_a_400(raw: bytes, said: str) -> None:
    with pytest.raises(ApiError) as caught:
        parse_question("chat", raw)
    assert caught.value.status == 400
    assert said in caught.value.message


def test_raw_mode_takes_no_system() -> None:
    with pytest.raises(ApiError, match="raw mode does not support"):
        parse_question("generate", body(model="m", prompt="a", raw=True, system="b"))


def test_defaults_are_those_of_ollama() -> None:
    question = parse_question("generate", body(model="m", prompt="기사"))
    assert (question.is_streamed, question.is_raw, question.truncate, question.shift) == (
        True,
        False,
        True,
        True,
    )
    assert question.keep_alive_ns is None
    assert question.options == {}
    assert not question.is_empty


def test_null_counts_as_absent() -> None:
    question = parse_question("generate", body(model="m", prompt="a", stream=None, options=None))
    assert question.is_streamed
    assert question.options == {}


def test_all_messages_are_the_prompt() -> None:
    messages = [{"role": "system", "content": "짧게"}, {"role": "user", "content": "기사"}]
    question = parse_question("chat", body(model="m", messages=messages))
    assert question.prompt == "짧게\n기사"
    assert not question.is_empty


def test_a_message_without_text_is_still_a_question_but_no_messages_are_none() -> None:
    assert not parse_question("chat", body(model="m", messages=[{"role": "user"}])).is_empty
    assert parse_question("chat", body(model="m", messages=[])).is_empty
    assert parse_question("generate", body(model="m", system="짧게")).is_empty


def test_pull_and_show_take_the_old_field_too() -> None:
    assert parse_model_name(body(model="a")) == ("a", True)
    assert parse_model_name(body(name="a", stream=False)) == ("a", False)
    with pytest.raises(ApiError, match="model is required"):
        parse_model_name(body(stream=False))
