"""`yoyak model pull` from a server whose registry is scripted."""

import json

from tests.integration.bench.conftest import RunYoyak
from tests.integration.bench.replays import finished

from ollama_replay import Model, Pull, Script, running


def test_a_model_is_fetched_with_its_progress(yoyak: RunYoyak) -> None:
    script = Script(
        models=(Model(name="mistral:7b", is_installed=False, file_bytes=4_000),),
        pull=Pull(duration_s=0.1, steps=4),
    )
    with running(script) as replay:
        code, out, err = finished(yoyak("model", "pull", "mistral:7b", "--url", replay.url))
    assert code == 0, err
    assert json.loads(out) == {"model": "mistral:7b", "url": replay.url, "status": "success"}
    lines = err.splitlines()
    assert lines[0] == f"mistral:7b to {replay.url} ..."
    said = ["pulling manifest", "pulling layers", "verifying sha256 digest", "writing manifest"]
    assert lines[1:5] == said
    assert lines[-1].startswith(f"mistral:7b to {replay.url}: done in ")


def test_a_model_that_no_registry_has_is_one_line(yoyak: RunYoyak) -> None:
    with running(Script()) as replay:
        code, out, err = finished(yoyak("model", "pull", "nothing", "--url", replay.url))
    assert (code, out) == (3, "")
    assert err.splitlines()[-1].startswith(f'error: {replay.url} cannot pull "nothing"')
