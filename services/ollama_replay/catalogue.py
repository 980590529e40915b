"""What the server says of its models: /api/tags, /api/ps and /api/show."""

from typing import Any

from ollama_replay.lines import WallClock
from ollama_replay.runners import Runner
from ollama_replay.script import Model
from yoyak.units import NS_PER_S

MODIFIED_AT = "2026-08-01T09:00:00Z"
CAPABILITIES = ["completion"]
TEMPLATE = "[INST] {{ .Prompt }} [/INST]"
FOR_EVER_S = 100 * 365 * 24 * 3600  # expires_at of a model that stays


def details(model: Model) -> dict[str, Any]:
    """Return the `details` of a model."""
    return {
        "parent_model": "",
        "format": "gguf",
        "family": model.family,
        "families": [model.family],
        "parameter_size": model.parameter_size,
        "quantization_level": model.quantization_level,
    }


def tags(models: list[Model]) -> dict[str, Any]:
    """Return the answer of /api/tags."""
    return {
        "models": [
            {
                "name": model.name,
                "model": model.name,
                "modified_at": MODIFIED_AT,
                "size": model.file_bytes,
                "digest": model.digest,
                "details": details(model),
                "capabilities": CAPABILITIES,
            }
            for model in models
        ]
    }


def openai_models(models: list[Model], created_s: int) -> dict[str, Any]:
    """Return the answer of /v1/models."""
    return {
        "object": "list",
        "data": [
            {"id": model.name, "object": "model", "created": created_s, "owned_by": "library"}
            for model in models
        ],
    }


def ps(runners: list[Runner], now_ns: int, wall_ns: int) -> dict[str, Any]:
    """Return the answer of /api/ps, the longest stay first.

    Args:
        runners: in memory.
        now_ns: on the monotonic clock, in which runners expire.
        wall_ns: the same moment since the epoch.
    """
    clock, rows = WallClock(), []
    for runner in runners:
        model = runner.model
        if runner.expires_ns is not None:
            left_ns = runner.expires_ns - now_ns
        elif runner.keep_alive_ns >= 0:
            left_ns = runner.keep_alive_ns
        else:
            left_ns = FOR_EVER_S * NS_PER_S
        row = {
            "name": model.name,
            "model": model.name,
            "size": model.memory_bytes,
            "digest": model.digest,
            "details": details(model),
            "expires_at": clock.text(wall_ns + left_ns).decode(),
            "size_vram": round(model.memory_bytes * model.gpu_share),
            "context_length": effective_context(model, runner.load_options.num_ctx),
        }
        rows.append((left_ns, row))
    rows.sort(key=lambda pair: -pair[0])
    return {"models": [row for _, row in rows]}


def show(model: Model) -> dict[str, Any]:
    """Return the answer of /api/show, which has no digest."""
    return {
        "license": "",
        "modelfile": f"# a replayed model\nFROM {model.name}\n",
        "parameters": "",
        "template": TEMPLATE,
        "details": details(model),
        "model_info": {
            "general.architecture": model.family,
            "general.parameter_count": model.parameter_count,
            "general.quantization_version": 2,
            f"{model.family}.context_length": model.context_length,
        },
        "capabilities": CAPABILITIES,
        "modified_at": MODIFIED_AT,
    }


def effective_context(model: Model, num_ctx: int) -> int:
    """Return the context a runner really has: at most what the model was trained with."""
    return min(num_ctx, model.context_length)
