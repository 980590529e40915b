"""The model file that an engine runs, read by us: what it is, and that it is the same one."""

from dataclasses import dataclass
from pathlib import Path

from yoyak.errors import HostError
from yoyak.models import ModelFile, read_gguf, weights_sha256
from yoyak.records import ModelFacts


@dataclass(frozen=True, slots=True)
class KnownModel:
    """A GGUF file and its digest."""

    file: ModelFile
    sha256: str

    def facts(self) -> ModelFacts:
        """Return what the manifest says of it."""
        return ModelFacts(
            name=self.file.path.name,
            weights_sha256=self.sha256,
            quantization=self.file.quantization,
            parameters=self.file.parameter_count,
            size_bytes=self.file.size_bytes,
            synthetic=self.file.synthetic,
        )

    def checked_against(self, told: ModelFacts, where: str) -> ModelFacts:
        """Return our facts, if what an engine says of its model does not contradict them.

        Raises:
            HostError: the engine runs another model.
        """
        ours = self.facts()
        for what, engine_says, file_says in (
            ("parameters", told.parameters, ours.parameters),
            ("quantization", told.quantization, ours.quantization),
        ):
            if None not in (engine_says, file_says) and engine_says != file_says:
                raise HostError(
                    f'{where} runs another model than "{self.file.path}": {what} {engine_says}, '
                    f"the file has {file_says}; give the file that it runs as --model"
                )
        return ours


def known_model(path: Path, *, cache_dir: Path | None) -> KnownModel:
    """Read a model file and its digest; gigabytes are hashed once and then remembered.

    Raises:
        UsageError: it is no GGUF file that an engine can run, or it cannot be read.
    """
    file = read_gguf(path)
    return KnownModel(file, weights_sha256(path, cache_dir=cache_dir))
