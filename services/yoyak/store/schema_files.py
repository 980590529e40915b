"""The JSON Schemas of every file that yoyak writes, made from the records' own types."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from yoyak.dataset import Article, DatasetManifest
from yoyak.records import (
    BlockRecord,
    Calibration,
    HostSample,
    LoadRecord,
    Manifest,
    Perf,
    RequestRecord,
    Summary,
)
from yoyak.store.codec import json_schema

DIALECT = "https://json-schema.org/draft/2020-12/schema"
# File name -> (type, what one document of it is)
FILES: Mapping[str, tuple[type[Any], str]] = {
    "manifest.json": (Manifest, "everything that was fixed before the first request of a run"),
    "requests.jsonl": (RequestRecord, "one line: a request as the client saw it"),
    "loads.jsonl": (LoadRecord, "one line: an explicit unload and load of the model"),
    "blocks.jsonl": (BlockRecord, "one line: a repetition, or a step of a sweep, that ended"),
    "samples.jsonl": (HostSample, "one line: a reading of host, engine processes and GPUs"),
    "calibration.json": (Calibration, "the client's own error on a host, by number of streams"),
    "perf.json": (Perf, "the results of a run"),
    "summary.json": (Summary, "one entry of the array: a summary that the model wrote"),
    "dataset-manifest.json": (DatasetManifest, "manifest.json of a dataset"),
    "articles.jsonl": (Article, "one line of a dataset: an article"),
}


def schemas() -> Mapping[str, dict[str, Any]]:
    """Return a JSON Schema for each file, by the schema's file name."""
    made = {}
    for name, (kind, description) in FILES.items():
        schema = json_schema(kind)
        if kind is Article:  # a line carries its hash, and the crawler's fields beside the others
            schema["properties"].pop("extra")
            schema["properties"]["sha256"] = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
            schema["required"].append("sha256")
        made[f"{name.rsplit('.', 1)[0]}.schema.json"] = {
            "$schema": DIALECT,
            **schema,
            "description": f"{name}: {description}",
        }
    return made


def main() -> None:
    """Write every schema into the folder that the first argument names."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, schema in schemas().items():
        text = json.dumps(schema, ensure_ascii=False, indent=2) + "\n"
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
