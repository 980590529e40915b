"""The bill of an image against what the image's own tools list."""

import json
import subprocess
from pathlib import Path

import pytest
from tests.e2e.stack.compose import ANSWER_S

from yoyak.bench.stack.bill_of_materials import write_bill

pytestmark = [pytest.mark.timeout(900), pytest.mark.usefixtures("images")]

DPKG = ("dpkg-query", "--show", "--showformat", "${Package} ${Version}\\n")
PYTHON = "import importlib.metadata as m; [print(d.name, d.version) for d in m.distributions()]"
BASE_PYTHON = f"import os, sys; b = sys._base_executable; os.execv(b, [b, '-c', {PYTHON!r}])"


def listed(image: str, program: str, *arguments: str) -> list[str]:
    done = subprocess.run(
        ("docker", "run", "--rm", "--network", "none", "--entrypoint", program, image, *arguments),
        capture_output=True,
        text=True,
        check=True,
        timeout=ANSWER_S,
    )
    return sorted(done.stdout.splitlines())


@pytest.mark.parametrize("image", ["yoyak/gate:dev", "yoyak/summarizer:dev"])
def test_names_and_versions_are_those_that_the_image_lists_itself(
    image: str, tmp_path: Path
) -> None:
    document = json.loads(write_bill(image, tmp_path).read_text())
    found: dict[str, list[str]] = {"deb": [], "pypi": []}
    for package in document["packages"][1:]:
        kind = package["externalRefs"][0]["referenceLocator"].removeprefix("pkg:").split("/")[0]
        found.setdefault(kind, []).append(f"{package['name']} {package['versionInfo']}")
    assert sorted(found["deb"]) == listed(image, *DPKG)
    if image != "yoyak/gate:dev":
        ours = listed(image, "/opt/yoyak/bin/python", "-c", PYTHON)
        base = listed(image, "/opt/yoyak/bin/python", "-c", BASE_PYTHON)
        assert sorted(found["pypi"]) == sorted({*ours, *base})
        licenses = {p["name"]: p["licenseDeclared"] for p in document["packages"]}
        assert (licenses["yoyak"], licenses["pydantic"]) == ("Apache-2.0", "MIT")
