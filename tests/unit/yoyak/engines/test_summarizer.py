import dataclasses

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from yoyak import prompts
from yoyak.engines.summarizer import engine_facts, split_prompt
from yoyak.errors import EngineError
from yoyak.records import EngineFacts, ModelFacts

NONCE = prompts.nonce("run", 7)
FACTS = EngineFacts(
    name="llamacpp",
    version="b1",
    build="build",
    isa="AVX2",
    backend="cpu",
    threads=2,
    context_tokens=512,
    batch_tokens=256,
    ubatch_tokens=128,
    parallel=3,
    cache_prompt=False,
    forces_output_length=True,
    can_reload=True,
    loads_with_mmap=False,
    asks_huge_pages=True,
    binds_threads=False,
    pid=7,
    pid_namespace=8,
    boot_id="boot",
    template_sha256="ab",
    model=ModelFacts(
        name="m",
        manifest_digest="cd",
        weights_sha256="ef",
        quantization="Q4_0",
        parameters=9,
        size_bytes=10,
        synthetic=True,
    ),
)


def test_a_prompt_is_taken_apart() -> None:
    prompt = prompts.build_prompt(nonce=NONCE, title="제목", text="첫 문단.\n\n둘째 문단.")
    assert split_prompt(prompt) == (NONCE, "제목", "첫 문단.\n\n둘째 문단.")


@given(title=st.text(), text=st.text())
@example(title="a\n\nb", text="제목: c\n\n요약:")
def test_the_parts_make_up_the_same_prompt(title: str, text: str) -> None:
    prompt = prompts.build_prompt(nonce=NONCE, title=title, text=text)
    parts = split_prompt(prompt)
    assert parts is not None
    nonce, title_again, text_again = parts
    assert nonce == NONCE
    assert prompts.build_prompt(nonce=nonce, title=title_again, text=text_again) == prompt


@pytest.mark.parametrize("prompt", ["", "요약하세요", "0000\n제목: a\n\nb\n\n요약:"])
def test_a_prompt_of_another_template_has_no_parts(prompt: str) -> None:
    assert split_prompt(prompt) is None


def test_facts_come_back_from_their_json_as_they_were() -> None:
    assert engine_facts(dataclasses.asdict(FACTS), "/v1/engine") == FACTS


def test_no_fact_is_forgotten() -> None:
    # `via` and `url` are ours to say: where the service stands, not what it talks to. Why there is
    # no pid is unset where there is one.
    unset = {
        field.name for field in dataclasses.fields(FACTS) if getattr(FACTS, field.name) is None
    }
    assert unset == {"via", "url", "pid_unknown"}
    assert None not in dataclasses.astuple(FACTS.model)


def test_facts_of_a_newer_service_are_read_as_far_as_we_know_them() -> None:
    facts = engine_facts({"name": "x", "new": 1, "model": {"name": "m", "new": 2}}, "/v1/engine")
    assert facts == EngineFacts(name="x", model=ModelFacts(name="m"))


@pytest.mark.parametrize(
    "answer", [[], {"name": "x"}, {"model": []}, {"model": {}, "threads": "2"}]
)
def test_what_is_no_facts_is_an_error_of_the_protocol(answer: object) -> None:
    with pytest.raises(EngineError) as caught:
        engine_facts(answer, "/v1/engine")
    assert caught.value.error_class == "protocol"
