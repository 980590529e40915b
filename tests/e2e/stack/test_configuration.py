"""compose.yaml and .env.example agree; no engine is needed to see it."""

import re
from pathlib import Path

from tests.e2e.stack.compose import REPOSITORY

COMPOSE_FILES = ("compose.yaml", *sorted(str(p) for p in REPOSITORY.glob("docker/*.yaml")))
VARIABLE = re.compile(r"\$\{(YOYAK_[A-Z0-9_]+)(?::-([^${}]*))?")
IMAGE = re.compile(r'^ +image: "(?:\$\{\w+:-)?(.*)"$', re.MULTILINE)
DOCUMENTED = re.compile(r"^# (YOYAK_[A-Z0-9_]+)=(.*)$", re.MULTILINE)


def text_of(name: str) -> str:
    return (REPOSITORY / name).read_text()


def used() -> dict[str, set[str]]:
    """Return each variable of the compose files and the defaults that it has there."""
    found: dict[str, set[str]] = {}
    for name in COMPOSE_FILES:
        for variable, default in VARIABLE.findall(text_of(name)):
            found.setdefault(variable, set()).add(default)
    return found


def documented() -> dict[str, str]:
    return dict(DOCUMENTED.findall(text_of(".env.example")))


def test_every_variable_is_documented_and_every_documented_one_is_used() -> None:
    assert sorted(documented()) == sorted(used())


def test_the_documented_default_is_the_one_that_is_used() -> None:
    documented_defaults = documented()
    for variable, defaults in used().items():
        if variable.startswith("YOYAK_RUN_"):
            continue  # passed on empty; `yoyak run` has their defaults
        of_the_embedded_engine = {"synthetic-small.gguf"} if variable == "YOYAK_MODEL" else set()
        assert defaults - of_the_embedded_engine == {documented_defaults[variable]}, variable


def test_the_guides_name_no_variable_that_there_is_not() -> None:
    for name in ("docs/ec2.md", "README.md", "README.ko.md"):
        named = set(re.findall(r"YOYAK_[A-Z0-9_]*[A-Z0-9]\b(?!\*)", text_of(name)))
        assert named <= set(documented()), name


def test_every_file_that_the_guides_add_is_there() -> None:
    for name in ("docs/ec2.md", ".env.example", "docker/compose.nvidia.yaml"):
        for file in re.findall(r"\bdocker/[\w.-]+\.yaml", text_of(name)):
            assert (REPOSITORY / file).is_file(), f"{name}: {file}"


def test_every_image_has_a_tag_and_none_is_latest() -> None:
    images = [image for name in COMPOSE_FILES for image in IMAGE.findall(text_of(name))]
    assert len(images) >= 10
    assert [image for image in images if ":" not in image or "latest" in image] == []


def test_dockerfiles_name_no_downloaded_syntax_and_no_unlocked_package() -> None:
    for path in Path(REPOSITORY / "docker").rglob("*Dockerfile"):
        text = path.read_text()
        assert "# syntax=" not in text
        for line in re.sub(r"\\\n", " ", text).splitlines():
            if " install --quiet" in line:
                assert "--require-hashes" in line or "--no-index" in line
