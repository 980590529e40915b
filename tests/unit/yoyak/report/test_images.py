"""Charts as files."""

import struct
from pathlib import Path

import pytest
from tests.data_factories.benchmark_run import a_run, finished

from yoyak.analysis.comparison import Comparison
from yoyak.errors import HostError
from yoyak.report import images
from yoyak.report.images import Format, write_comparison_images, write_run_images

SVG: tuple[Format, ...] = ("svg",)


def png_size(path: Path) -> tuple[int, int]:
    head = path.read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", head[16:24])
    return width, height


def test_the_old_studys_two_files_come_by_their_old_names(
    old_study: Comparison, tmp_path: Path
) -> None:
    written = write_comparison_images(old_study, tmp_path, formats=("png", "svg"))
    assert {path.name for path in written.paths} == {
        "set1_metrics.png",
        "set1_metrics.svg",
        "set2_metrics.png",
        "set2_metrics.svg",
    }
    width, height = png_size(tmp_path / "set1_metrics.png")
    assert width > 1200
    assert height > 500
    svg = (tmp_path / "set2_metrics.svg").read_text(encoding="utf-8")
    for label in ("g5.16xlarge", "m5.16xlarge", "r5.16xlarge", "41.4"):
        assert label in svg
    assert "r5.8xlarge" not in svg
    assert "var(--" not in svg


def test_every_chart_of_a_run_is_a_file_that_stands_alone(tmp_path: Path) -> None:
    run = finished(a_run(articles=3, repetitions=2, samples_per_s=2.0))
    written = write_run_images(run, tmp_path / "new" / "folder", formats=SVG)
    names = {path.stem for path in written.paths}
    assert {"rates", "phases", "gaps", "timeline", "host_cpu"} <= names
    svg = (tmp_path / "new" / "folder" / "rates.svg").read_text(encoding="utf-8")
    assert "mistral-7b Q4_0 on m5.16xlarge" in svg
    assert "SYNTHETIC WEIGHTS" in svg


@pytest.mark.parametrize(("has_font", "words"), [(True, "디코딩"), (False, "Decode")])
def test_without_a_font_for_hangul_a_png_is_in_english_and_says_so(
    has_font: bool,
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    # The host's fonts cannot be taken away, so the answer to the question is set.
    monkeypatch.setattr(images, "has_hangul_font", lambda: has_font)
    run = finished(a_run(articles=2, repetitions=2, samples_per_s=0))
    written = write_run_images(run, tmp_path, language="ko", formats=("png", "svg"))
    assert words in (tmp_path / "rates.svg").read_text(encoding="utf-8")
    assert (written.notice is None) == has_font


def test_svg_alone_needs_no_font_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(images, "has_hangul_font", lambda: False)
    run = finished(a_run(articles=2, repetitions=2, samples_per_s=0))
    written = write_run_images(run, tmp_path, language="ko", formats=SVG)
    assert written.notice is None


def test_a_folder_that_cannot_be_made_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(HostError, match="cannot be written"):
        write_run_images(a_run(articles=1, repetitions=1), tmp_path / "file")


def test_whether_a_font_has_hangul_can_be_asked() -> None:
    assert images.has_hangul_font() in (True, False)
