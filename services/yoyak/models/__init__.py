"""Model files: what a GGUF file says of itself, and GGUF files with synthetic weights.

Importing this imports neither numpy nor anything else that takes time.
"""

from yoyak.models.cache import cached
from yoyak.models.digest import remember_sha256, weights_sha256
from yoyak.models.gguf_reader import ModelFile, read_gguf
from yoyak.models.presets import PRESETS
from yoyak.models.ram import available_ram_bytes, check_ram
from yoyak.models.synthesis import SynthResult, planned_bytes, synth

__all__ = [
    "PRESETS",
    "ModelFile",
    "SynthResult",
    "available_ram_bytes",
    "cached",
    "check_ram",
    "planned_bytes",
    "read_gguf",
    "remember_sha256",
    "synth",
    "weights_sha256",
]
