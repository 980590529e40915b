"""Options: unknown names are ignored, wrong types are errors, some of them reload the model."""

import pytest

from ollama_replay.options import WrongOptionError, answer_tokens, checked_options, load_options


def test_unknown_names_and_null_are_ignored() -> None:
    assert checked_options({"ignore_eos": True, "seed": None, "temperature": 0}) == {
        "temperature": 0.0
    }


def test_whole_numbers_may_have_a_fraction_which_is_cut() -> None:
    assert checked_options({"num_predict": 3.7, "num_ctx": -1.5}) == {
        "num_predict": 3,
        "num_ctx": -1,
    }


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("num_predict", "200", "integer"),
        ("seed", True, "integer"),
        ("temperature", "0", "float32"),
        ("use_mmap", 1, "boolean"),
        ("stop", "\n", "array"),
        ("stop", ["a", 1], "an array of strings"),
    ],
)
def test_a_wrong_type_is_said_as_ollama_says_it(name: str, value: object, kind: str) -> None:
    with pytest.raises(WrongOptionError) as caught:
        checked_options({name: value})
    wording = "must be of" if kind.startswith("an ") else "must be of type"
    assert str(caught.value) == f'option "{name}" {wording} {kind}'


def test_a_runner_serves_only_the_options_it_was_loaded_with() -> None:
    loaded = load_options({"num_ctx": 4096, "num_thread": 8}, 2048, shift=True)
    same = load_options({"num_thread": 8, "temperature": 0.0}, 4096, shift=True)
    assert same.fits(loaded)
    for other in ({"num_thread": 4}, {"num_thread": 8, "num_batch": 256}, {}):
        assert not load_options(other, 4096, shift=True).fits(loaded)
    assert not load_options({"num_thread": 8}, 4096, shift=False).fits(loaded)


def test_an_automatic_gpu_share_fits_any_runner_but_a_number_must_match() -> None:
    cpu_only = load_options({"num_gpu": 0}, 4096, shift=True)
    assert load_options({}, 4096, shift=True).fits(cpu_only)
    assert not cpu_only.fits(load_options({"num_gpu": 33}, 4096, shift=True))


def test_a_context_has_at_least_four_tokens() -> None:
    assert load_options({"num_ctx": 1}, 4096, shift=True).num_ctx == 4


@pytest.mark.parametrize(
    ("options", "expected"),
    [({}, None), ({"num_predict": -1}, None), ({"num_predict": 7}, 7), ({"num_predict": 0}, 0)],
)
def test_the_length_that_a_request_allows(options: dict[str, int], expected: int | None) -> None:
    assert answer_tokens(options, 4096) == expected


def test_an_answer_is_bounded_by_ten_contexts() -> None:
    assert answer_tokens({"num_predict": 100_000}, 512) == 5120
