import io
import tarfile

import pytest

from yoyak.bench.stack.bill_of_materials import Licenses, Package, bill, packages_of

STATUS = """\
Package: nginx
Status: install ok installed
Maintainer: Some One <one@example.org>
Version: 1.26.3-3+deb13u1

Package: gone
Status: deinstall ok config-files
Version: 1.0
"""
COPYRIGHT = """\
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/

Files: *
License: BSD-2-clause

Files: contrib/*
License: GPL-2+ or Artistic

Files: debian/*
License: Expat

License: BSD-2-clause
 The text of it.

Files: doc/*
License: permissive
"""
IMAGE = {
    "Id": "sha256:abc",
    "Created": "2026-11-27T23:01:02.345678Z",
    "Config": {
        "Labels": {"org.opencontainers.image.licenses": "Apache-2.0"},
        "Env": ["PATH=/bin", "PYTHON_VERSION=3.13.9"],
    },
}


def an_export(files: dict[str, str]) -> io.BytesIO:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as export:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            export.addfile(member, io.BytesIO(text.encode()))
    stream.seek(0)
    return stream


def license_of(metadata: str) -> tuple[str, Licenses]:
    licenses = Licenses()
    name = "opt/yoyak/lib/python3.13/site-packages/one-1.dist-info/METADATA"
    text = f"Metadata-Version: 2.4\nName: one\nVersion: 1\n{metadata}\n\nLicense: of the text\n"
    (package,) = packages_of(an_export({name: text}), licenses)
    return package.license, licenses


def test_debians_packages_are_those_that_are_installed_with_all_their_licences() -> None:
    licenses = Licenses()
    export = an_export({"var/lib/dpkg/status": STATUS, "usr/share/doc/nginx/copyright": COPYRIGHT})
    assert packages_of(export, licenses) == (
        Package(
            kind="deb",
            name="nginx",
            version="1.26.3-3+deb13u1",
            license=(
                "(GPL-2.0-or-later OR Artistic-1.0-Perl) AND BSD-2-Clause AND "
                "LicenseRef-Debian-permissive AND MIT"
            ),
            supplier="Some One <one@example.org>",
        ),
    )
    assert list(licenses.texts) == ["LicenseRef-Debian-permissive"]


def test_a_copyright_file_in_free_words_says_nothing_that_can_be_relied_on() -> None:
    words = "This is the Debian package of nginx.\nLicense: as you like\n"
    export = an_export({"var/lib/dpkg/status": STATUS, "usr/share/doc/nginx/copyright": words})
    (package,) = packages_of(export, Licenses())
    assert package.license == "NOASSERTION"


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ("License-Expression: Apache-2.0 and MIT", "Apache-2.0 AND MIT"),
        ("License: Apache License, Version 2.0", "Apache-2.0"),
        ("License: BSD-3-Clause", "BSD-3-Clause"),
        ("License: BSD\nClassifier: License :: OSI Approved :: MIT License", "MIT"),
        ("Classifier: License :: OSI Approved :: MIT License", "MIT"),
        ("Classifier: Topic :: Text", "NOASSERTION"),
    ],
)
def test_a_distributions_licence_is_the_expression_or_words_that_mean_one(
    metadata: str, expected: str
) -> None:
    found, licenses = license_of(metadata)
    assert (found, licenses.texts) == (expected, {})


def test_words_that_may_mean_several_are_kept_as_they_are() -> None:
    found, licenses = license_of("License: BSD\nClassifier: License :: OSI Approved :: BSD License")
    assert found == "LicenseRef-one-BSD-License"
    assert licenses.texts == {found: "BSD"}


def test_the_bill_of_an_image_holds_it_its_packages_and_the_interpreter_beside_dpkg() -> None:
    packages = (Package(kind="pypi", name="Zope.Interface", version="1!2+3", license="MIT"),)
    document = bill(IMAGE, "yoyak/runner:dev", packages, Licenses())
    told = {package["name"]: package for package in document["packages"]}
    assert list(told) == ["yoyak/runner", "Zope.Interface", "python"]
    assert told["yoyak/runner"]["licenseDeclared"] == "Apache-2.0"
    locators = [p["externalRefs"][0]["referenceLocator"] for p in document["packages"][1:]]
    assert locators == ["pkg:pypi/zope-interface@1%212%2B3", "pkg:generic/python@3.13.9"]
    assert document["creationInfo"]["created"] == "2026-11-27T23:01:02Z"
    contained = [r["relatedSpdxElement"] for r in document["relationships"]]
    assert contained == [told["Zope.Interface"]["SPDXID"], told["python"]["SPDXID"]]
    assert bill(IMAGE, "yoyak/runner:dev", packages, Licenses()) == document
