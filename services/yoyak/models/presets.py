"""The architectures that `yoyak model synth` knows, and the tensors that each is made of.

Shapes, names and storage are those of a llama-architecture model after `llama-quantize ... Q4_0`:
matrices q4_0, the output matrix q6_K (q8_0 where its rows are no multiple of q6_K's block), norms
f32. So an engine takes the same kernels over the same bytes as for the real model.
"""

import math
from dataclasses import dataclass

from yoyak.errors import UsageError
from yoyak.models.gguf_format import BLOCKS, TensorType, tensor_bytes

SYNTH_FORMAT = 1  # raise it when the same preset and seed give other bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Architecture:
    """The shape of a dense llama-architecture transformer with grouped-query attention."""

    layers: int
    embedding_length: int
    heads: int
    kv_heads: int
    feed_forward_length: int
    context_length: int
    rope_frequency_base: float = 10_000.0
    rms_epsilon: float = 1e-5

    @property
    def head_length(self) -> int:
        """Elements of one attention head."""
        return self.embedding_length // self.heads

    @property
    def kv_length(self) -> int:
        """Elements of the keys (or values) of one token in one layer."""
        return self.kv_heads * self.head_length


PRESETS: dict[str, Architecture] = {
    # Loads in a blink: for tests.
    "tiny": Architecture(
        layers=4,
        embedding_length=128,
        heads=4,
        kv_heads=2,
        feed_forward_length=384,
        context_length=4096,
    ),
    # llama-160m with grouped queries: for the demo.
    "small": Architecture(
        layers=12,
        embedding_length=768,
        heads=12,
        kv_heads=4,
        feed_forward_length=3072,
        context_length=4096,
    ),
    # TinyLlama-1.1B; its context of 2048 is widened to the default context of a run.
    "1b": Architecture(
        layers=22,
        embedding_length=2048,
        heads=32,
        kv_heads=4,
        feed_forward_length=5632,
        context_length=4096,
    ),
    # Mistral-7B-Instruct-v0.2: 32,000 tokens, no sliding window.
    "mistral-7b": Architecture(
        layers=32,
        embedding_length=4096,
        heads=32,
        kv_heads=8,
        feed_forward_length=14_336,
        context_length=32_768,
        rope_frequency_base=1_000_000.0,
    ),
}


def architecture(preset: str) -> Architecture:
    """Return the architecture called `preset`.

    Raises:
        UsageError: there is none of that name.
    """
    try:
        return PRESETS[preset]
    except KeyError:
        raise UsageError(
            f'there is no model preset "{preset}"; choose one of: {", ".join(PRESETS)}'
        ) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tensor:
    """One tensor of a model to be written.

    Attributes:
        name: as llama.cpp looks it up.
        shape: row length first.
        tensor_type: F32 (a norm: all ones), Q4_0, Q6_K or Q8_0.
        sigma: standard deviation of the weights; None for a norm.
        silent_rows: rows that are all zero.
    """

    name: str
    shape: tuple[int, ...]
    tensor_type: TensorType
    sigma: float | None
    silent_rows: tuple[int, ...] = ()

    @property
    def size_bytes(self) -> int:
        """Size of the data, without padding."""
        return tensor_bytes(self.tensor_type, self.shape)

    @property
    def parameter_count(self) -> int:
        """Number of elements."""
        count = 1
        for length in self.shape:
            count *= length
        return count


def tensors(
    model: Architecture, *, vocab_size: int, silent_tokens: tuple[int, ...]
) -> tuple[Tensor, ...]:
    """Return the model's tensors in the order of the file.

    Weights have the standard deviation 1/sqrt(fan_in), so that a normalized input gives outputs of
    variance 1, whatever the width; the two matrices of a layer that write into the residual stream
    are smaller by sqrt(2 layers), so that its variance does not grow with depth. Logits have a
    standard deviation of 3, about a trained model's; nothing comes near an overflow.

    Args:
        model: the architecture.
        vocab_size: rows of the embedding and of the output matrix.
        silent_tokens: token ids whose logit shall be exactly 0. The best of the other 31,700 or so
            is near +4 sigma = +12, and even the 40th best is near +9, so a silent token is never
            drawn greedily or from the top 40.

    Source:
        Radford et al., "Language Models are Unsupervised Multitask Learners" (2019), section 2.3,
        for the scaling of the residual layers.
    """
    width, feed_forward = model.embedding_length, model.feed_forward_length
    into_residual = 1 / math.sqrt(2 * model.layers)
    sigma = 1 / math.sqrt(width)

    def norm(name: str) -> Tensor:
        return Tensor(name=name, shape=(width,), tensor_type=TensorType.F32, sigma=None)

    def matrix(name: str, row_length: int, rows: int, sigma: float) -> Tensor:
        shape = (row_length, rows)
        return Tensor(name=name, shape=shape, tensor_type=TensorType.Q4_0, sigma=sigma)

    plan = [matrix("token_embd.weight", width, vocab_size, 1.0)]
    for layer in range(model.layers):
        block = f"blk.{layer}"
        plan += [
            norm(f"{block}.attn_norm.weight"),
            matrix(f"{block}.attn_q.weight", width, width, sigma),
            matrix(f"{block}.attn_k.weight", width, model.kv_length, sigma),
            matrix(f"{block}.attn_v.weight", width, model.kv_length, sigma),
            matrix(f"{block}.attn_output.weight", width, width, sigma * into_residual),
            norm(f"{block}.ffn_norm.weight"),
            matrix(f"{block}.ffn_gate.weight", width, feed_forward, sigma),
            matrix(f"{block}.ffn_up.weight", width, feed_forward, sigma),
            matrix(
                f"{block}.ffn_down.weight",
                feed_forward,
                width,
                into_residual / math.sqrt(feed_forward),
            ),
        ]
    fits_q6_k = width % BLOCKS[TensorType.Q6_K].elements == 0
    plan += [
        norm("output_norm.weight"),
        Tensor(
            name="output.weight",
            shape=(width, vocab_size),
            tensor_type=TensorType.Q6_K if fits_q6_k else TensorType.Q8_0,
            sigma=3 * sigma,
            silent_rows=silent_tokens,
        ),
    ]
    return tuple(plan)
