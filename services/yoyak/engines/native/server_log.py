"""What llama-server's log says of how it started: its address, threads, batches, offloaded layers.

The only place where it tells them. The lines are those of the version in `recipe`; of a version
that words one differently, that fact is unknown.
"""

import re
from dataclasses import dataclass

_ADDRESS = re.compile(r"listening on (http://\S+)")
_SYSTEM = re.compile(r"system_info: n_threads = (\d+).*?\| (.*)")
_BATCH = re.compile(r"\bn_batch\s*= (\d+)")
_UBATCH = re.compile(r"\bn_ubatch\s*= (\d+)")
_OFFLOADED = re.compile(r"offloaded (\d+)/(\d+) layers to GPU")


@dataclass(slots=True, kw_only=True)
class Told:
    """What was read so far."""

    url: str | None = None
    threads: int | None = None
    isa: str | None = None
    batch_tokens: int | None = None
    ubatch_tokens: int | None = None
    gpu_layers: int | None = None
    layers: int | None = None

    def read(self, line: str) -> None:
        """Take one line; the first that tells a thing counts."""
        if self.url is None and (found := _ADDRESS.search(line)):
            self.url = found[1]
        if self.threads is None and (found := _SYSTEM.search(line)):
            self.threads, self.isa = int(found[1]), found[2].strip(" |")
        if self.batch_tokens is None and (found := _BATCH.search(line)):
            self.batch_tokens = int(found[1])
        if self.ubatch_tokens is None and (found := _UBATCH.search(line)):
            self.ubatch_tokens = int(found[1])
        if self.layers is None and (found := _OFFLOADED.search(line)):
            self.gpu_layers, self.layers = int(found[1]), int(found[2])
