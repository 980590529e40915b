"""Ollama's `options`: names, types and defaults, and which of them reload the model."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

DEFAULT_SEED = -1
DEFAULT_NUM_PREDICT = -1
DEFAULT_NUM_KEEP = 4
LEAST_NUM_CTX = 4
NUM_PREDICT_CONTEXTS = 10  # an unlimited answer ends at so many contexts

INTEGERS = frozenset(
    {
        "num_keep",
        "seed",
        "num_predict",
        "top_k",
        "repeat_last_n",
        "num_ctx",
        "num_batch",
        "num_gpu",
        "main_gpu",
        "num_thread",
        "draft_num_predict",
    }
)
FLOATS = frozenset(
    {
        "top_p",
        "min_p",
        "typical_p",
        "temperature",
        "repeat_penalty",
        "presence_penalty",
        "frequency_penalty",
    }
)
BOOLEANS = frozenset({"use_mmap"})
TEXT_LISTS = frozenset({"stop"})
KNOWN = INTEGERS | FLOATS | BOOLEANS | TEXT_LISTS
AUTO_GPU = -1


class WrongOptionError(ValueError):
    """An option of the wrong type, which Ollama answers with HTTP 500."""


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """The options that a runner is started with; another set means a reload."""

    num_ctx: int
    num_batch: int | None  # None: Ollama picks it from context and memory
    num_gpu: int
    main_gpu: int
    use_mmap: bool | None
    num_thread: int
    draft_num_predict: int
    shift: bool

    def fits(self, loaded: "LoadOptions") -> bool:
        """Return whether a runner loaded with `loaded` can serve; an automatic GPU share always."""
        gpu = loaded.num_gpu if self.num_gpu == AUTO_GPU else self.num_gpu
        return replace(self, num_gpu=gpu) == loaded


def checked_options(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that Ollama knows, in their types; null counts as not given.

    Whole numbers may be written as 3.7, which is cut to 3, as Go's conversion does.

    Raises:
        WrongOptionError: a known option of the wrong type.
    """
    checked: dict[str, Any] = {}
    for name, value in given.items():
        if value is None or name not in KNOWN:
            continue
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if name in INTEGERS:
            if not is_number:
                raise WrongOptionError(f'option "{name}" must be of type integer')
            checked[name] = int(value)
        elif name in FLOATS:
            if not is_number:
                raise WrongOptionError(f'option "{name}" must be of type float32')
            checked[name] = float(value)
        elif name in BOOLEANS:
            if not isinstance(value, bool):
                raise WrongOptionError(f'option "{name}" must be of type boolean')
            checked[name] = value
        else:
            if not isinstance(value, list):
                raise WrongOptionError(f'option "{name}" must be of type array')
            if not all(isinstance(one, str) for one in value):
                raise WrongOptionError(f'option "{name}" must be of an array of strings')
            checked[name] = value
    return checked


def load_options(options: Mapping[str, Any], default_num_ctx: int, *, shift: bool) -> LoadOptions:
    """Return the load-time part of checked options."""
    return LoadOptions(
        num_ctx=max(LEAST_NUM_CTX, options.get("num_ctx", default_num_ctx)),
        num_batch=options.get("num_batch"),
        num_gpu=max(AUTO_GPU, options.get("num_gpu", AUTO_GPU)),
        main_gpu=options.get("main_gpu", 0),
        use_mmap=options.get("use_mmap"),
        num_thread=options.get("num_thread", 0),
        draft_num_predict=options.get("draft_num_predict", 0),
        shift=shift,
    )


def answer_tokens(options: Mapping[str, Any], num_ctx: int) -> int | None:
    """Return how many tokens the request allows, or None where it sets no limit."""
    asked: int = options.get("num_predict", DEFAULT_NUM_PREDICT)
    most = NUM_PREDICT_CONTEXTS * num_ctx
    return None if asked < 0 else min(asked, most)
