"""`python -m yoyak.bench.stack.bill_of_materials IMAGE...`: what is in an image, as SPDX 2.3.

Read from the image's own file system, as the engine exports it: Debian's and Python's own records
of what is installed. Nothing of the image is run, and no registry or scanner is needed.
"""

import json
import re
import subprocess
import sys
import tarfile
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path
from typing import IO, Any, cast

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

from yoyak import __version__
from yoyak.errors import HostError, UsageError, YoyakError

UNKNOWN = "NOASSERTION"
_DPKG = re.compile(r"var/lib/dpkg/status(\.d/[^/]+)?")
_COPYRIGHT = re.compile(r"usr/share/doc/([^/]+)/copyright")
_WHEEL = re.compile(r".*\.dist-info/METADATA")
_ALTERNATIVE = re.compile(r"\s+(and/or|or|and)\s+", re.IGNORECASE)
# How projects spell licences that SPDX has a name for; "BSD" alone may be any of four.
_SPELLINGS = {
    "3-clause bsd license": "BSD-3-Clause",
    "apache 2.0": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache license, version 2.0": "Apache-2.0",
    "mit license": "MIT",
    "psfl": "PSF-2.0",
    "the bsd 2-clause license": "BSD-2-Clause",
}
_CLASSIFIERS = {
    "Apache Software License": "Apache-2.0",
    "GNU Lesser General Public License v2 or later (LGPLv2+)": "LGPL-2.0-or-later",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}
# Debian's short names where SPDX has another; https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
_DEBIANS = {
    "artistic": "Artistic-1.0-Perl",
    "bsd-2": "BSD-2-Clause",
    "bsd-3": "BSD-3-Clause",
    "bsd-4": "BSD-4-Clause",
    "cc0": "CC0-1.0",
    "expat": "MIT",
    "openldap-2.8": "OLDAP-2.8",
}
_GNU = re.compile(r"(A?L?GPL|GFDL)v?-?(\d)(?:\.(\d))?(\.0)?(\+)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """One installed package."""

    kind: str  # of a package URL: deb, pypi or generic
    name: str
    version: str
    license: str  # an SPDX expression, or NOASSERTION
    supplier: str | None = None


@dataclass(slots=True)
class Licenses:
    """Licences that SPDX has no name for, by the name that a bill gives them."""

    texts: dict[str, str] = field(default_factory=dict)

    def reference(self, name: str, text: str) -> str:
        """Return the name under which a bill holds a text."""
        plain = re.sub(r"[^A-Za-z0-9.-]+", "-", name.replace("+", "-or-later")).strip("-")
        reference = f"LicenseRef-{plain or 'unnamed'}"
        self.texts.setdefault(reference, text)
        return reference


def spdx(expression: str) -> str | None:
    """Return an expression in SPDX's spelling, or None if it is none."""
    try:
        return canonicalize_license_expression(expression)
    except InvalidLicenseExpression:
        return None


def python_license(metadata: Message, name: str, licenses: Licenses) -> str:
    """Return what a distribution's metadata says of its licence.

    The expression (PEP 639), else the free text where it can only mean one licence, else the
    classifiers where each does; else a reference to the free text.
    """
    if found := spdx(metadata.get("License-Expression") or ""):
        return found
    text = (metadata.get("License") or "").strip()
    if found := _SPELLINGS.get(text.lower()) or spdx(text):
        return found
    told = [
        value.rpartition(" :: ")[2]
        for value in metadata.get_all("Classifier") or ()
        if value.startswith("License :: ")
    ]
    if told and all(value in _CLASSIFIERS for value in told):
        return " AND ".join(sorted({_CLASSIFIERS[value] for value in told}))
    if text or told:
        return licenses.reference(f"{name}-{told[0] if told else ''}", text or "; ".join(told))
    return UNKNOWN


def debian_license(copyright_file: str, licenses: Licenses) -> str:
    """Return all licences that a package's copyright file names; NOASSERTION of free text."""
    if not copyright_file.lstrip().lower().startswith("format"):
        return UNKNOWN
    names = {
        " ".join(line.partition(":")[2].split())
        for line in copyright_file.splitlines()
        if line.lower().startswith("license:")
    }
    found = {_debian_expression(name, licenses) for name in names if name}
    return " AND ".join(sorted(found)) or UNKNOWN


def _debian_expression(text: str, licenses: Licenses) -> str:
    """Return Debian's words as an expression: "GPL-2+ or Artistic"."""
    parts = _ALTERNATIVE.split(text.replace(",", " "))
    if len(parts) > 1 and all(" " not in part for part in parts[::2]):
        joins = ["AND" if join.lower() == "and" else "OR" for join in parts[1::2]]
        names = [_debian_name(part, licenses) for part in parts[::2]]
        rest = "".join(f" {j} {n}" for j, n in zip(joins, names[1:], strict=True))
        return f"({names[0]}{rest})"
    return _debian_name(text, licenses)


def _debian_name(name: str, licenses: Licenses) -> str:
    if gnu := _GNU.fullmatch(name):
        family, major, minor, _, later = gnu.groups()
        tried = f"{family.upper()}-{major}.{minor or 0}-{'or-later' if later else 'only'}"
        if found := spdx(tried):
            return found
    return (
        _DEBIANS.get(name.lower().removesuffix("-clause"))
        or spdx(name)
        or licenses.reference(f"Debian-{name}", f"Named {name} in /usr/share/doc/*/copyright.")
    )


def packages_of(export: IO[bytes], licenses: Licenses) -> tuple[Package, ...]:
    """Return the packages that a file system holds records of, each once, ordered.

    Args:
        export: the file system as a tar stream.
        licenses: takes the licences that SPDX has no name for.
    """
    debian: list[Message] = []
    copyrights: dict[str, str] = {}
    found: list[Package] = []
    parser = HeaderParser()
    with tarfile.open(fileobj=export, mode="r|") as files:
        for member in files:
            name = member.name.removeprefix("./")
            file = files.extractfile(member) if member.isfile() else None
            if file is None:
                continue
            if _DPKG.fullmatch(name):
                stanzas = file.read().decode("utf-8", "replace").split("\n\n")
                debian += [parser.parsestr(text) for text in stanzas if text.strip()]
            elif of := _COPYRIGHT.fullmatch(name):
                copyrights[of[1]] = file.read().decode("utf-8", "replace")
            elif _WHEEL.fullmatch(name):
                metadata = parser.parsestr(file.read().decode("utf-8", "replace"))
                title = str(metadata["Name"])
                found.append(
                    Package(
                        kind="pypi",
                        name=title,
                        version=str(metadata["Version"]),
                        license=python_license(metadata, title, licenses),
                    )
                )
    for stanza in debian:
        if "installed" in str(stanza.get("Status", "installed")).split():
            name = str(stanza["Package"])
            found.append(
                Package(
                    kind="deb",
                    name=name,
                    version=str(stanza["Version"]),
                    license=debian_license(copyrights.get(name, ""), licenses),
                    supplier=str(stanza["Maintainer"]) if stanza.get("Maintainer") else None,
                )
            )
    return tuple(sorted(set(found), key=lambda p: (p.kind, p.name.lower(), p.version)))


def bill(
    image: Mapping[str, Any], name: str, packages: Iterable[Package], licenses: Licenses
) -> dict[str, Any]:
    """Return the SPDX 2.3 document of an image; the same image always has the same.

    Args:
        image: what `docker image inspect` says of it.
        name: by which it was asked for.
        packages: what it holds.
        licenses: those that SPDX has no name for.
    """
    labels = image["Config"].get("Labels") or {}
    environment = dict(v.partition("=")[::2] for v in image["Config"].get("Env") or ())
    held = list(packages)
    if version := environment.get("PYTHON_VERSION"):  # official images build it beside dpkg
        held.append(Package(kind="generic", name="python", version=version, license="PSF-2.0"))
    entries = [
        {
            "SPDXID": f"SPDXRef-{number}",
            "name": package.name,
            "versionInfo": package.version,
            "supplier": f"Person: {package.supplier}" if package.supplier else UNKNOWN,
            "downloadLocation": UNKNOWN,
            "filesAnalyzed": False,
            "licenseConcluded": UNKNOWN,
            "licenseDeclared": package.license,
            "copyrightText": UNKNOWN,
            "externalRefs": [
                {
                    "referenceCategory": "PACKAGE-MANAGER",
                    "referenceType": "purl",
                    "referenceLocator": _purl(package),
                }
            ],
        }
        for number, package in enumerate(held, start=1)
    ]
    root = {
        "SPDXID": "SPDXRef-image",
        "name": name.partition(":")[0],
        "versionInfo": image["Id"],
        "downloadLocation": UNKNOWN,
        "filesAnalyzed": False,
        "licenseConcluded": UNKNOWN,
        "licenseDeclared": labels.get("org.opencontainers.image.licenses", UNKNOWN),
        "copyrightText": UNKNOWN,
        "primaryPackagePurpose": "CONTAINER",
    }
    return {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": name,
        "documentNamespace": uuid.uuid5(uuid.NAMESPACE_URL, f"{name} {image['Id']}").urn,
        "creationInfo": {
            "created": re.sub(r"\..*", "", image["Created"]).removesuffix("Z") + "Z",
            "creators": [f"Tool: yoyak-{__version__}"],
        },
        "documentDescribes": ["SPDXRef-image"],
        "packages": [root, *entries],
        "hasExtractedLicensingInfos": [
            {"licenseId": reference, "name": reference, "extractedText": text}
            for reference, text in sorted(licenses.texts.items())
        ],
        "relationships": [
            {
                "spdxElementId": "SPDXRef-image",
                "relationshipType": "CONTAINS",
                "relatedSpdxElement": entry["SPDXID"],
            }
            for entry in entries
        ],
    }


def _purl(package: Package) -> str:
    version = package.version.replace("+", "%2B").replace("!", "%21")
    if package.kind == "pypi":
        name = re.sub(r"[-_.]+", "-", package.name).lower()
        return f"pkg:pypi/{name}@{version}"
    if package.kind == "deb":
        return f"pkg:deb/debian/{package.name.replace('+', '%2B')}@{version}"
    return f"pkg:{package.kind}/{package.name}@{version}"


def write_bill(image: str, folder: Path) -> Path:
    """Write an image's bill of materials and return the file.

    Raises:
        HostError: the engine does not have it, or the file cannot be written.
    """
    (told,) = json.loads(_docker("image", "inspect", image))
    licenses = Licenses()
    container = _docker("create", "--network", "none", image).decode().strip()
    try:
        with subprocess.Popen(("docker", "export", container), stdout=subprocess.PIPE) as export:
            packages = packages_of(cast("IO[bytes]", export.stdout), licenses)
    finally:
        _docker("rm", container)
    document = bill(told, image, packages, licenses)
    path = folder / (re.sub(r"[^A-Za-z0-9.-]+", "-", image.partition(":")[0]) + ".spdx.json")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise HostError(f"{path} cannot be written ({error.strerror})") from error
    return path


def _docker(*arguments: str) -> bytes:
    try:
        done = subprocess.run(("docker", *arguments), capture_output=True, check=False)
    except OSError as error:
        raise HostError(f"docker cannot be started ({error.strerror}); install it") from error
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise HostError(
            f"docker {arguments[0]}: {said[-1] if said else 'it failed'}; build the images first: "
            "docker compose build"
        )
    return done.stdout


def main(arguments: Sequence[str]) -> int:
    """Write the bills into the first argument's folder and return the exit code."""
    try:
        if len(arguments) < 2:
            raise UsageError("FOLDER and IMAGE... are wanted; see `make sbom`")
        for image in arguments[1:]:
            path = write_bill(image, Path(arguments[0]))
            sys.stderr.write(f"{path}\n")
    except YoyakError as error:
        sys.stderr.write(f"error: {error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
