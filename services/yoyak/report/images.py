"""Charts as PNG and SVG files, drawn without a browser."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from yoyak.analysis.comparison import Comparison
from yoyak.errors import HostError
from yoyak.report.answer import heading
from yoyak.report.charts.spec import Spec, chart_title
from yoyak.report.charts.study import sheet
from yoyak.report.comparison_figures import Latencies, comparison_figures, study_tables
from yoyak.report.figures import FigureGroup
from yoyak.report.messages import Messages
from yoyak.report.run_figures import run_figures
from yoyak.report.theme import FILE_FONT, LIGHT, config, resolved
from yoyak.store.run_folder import Run

Format = Literal["png", "svg"]
PNG: tuple[Format, ...] = ("png",)
WIDTH = 720  # px of a chart that is as wide as its container in a page
SCALE = 2.0  # pixels of a PNG for each px of the chart: sharp on a dense screen and in print
OLD_STUDY_FILES = ("set1_metrics", "set2_metrics")  # the names that the old study used


@dataclass(frozen=True, slots=True)
class ImageFiles:
    """What was written, and what the reader must know about it."""

    paths: tuple[Path, ...]
    notice: str | None = None  # one line for stderr, such as a missing font


def write_run_images(
    run: Run, folder: Path, *, language: str = "en", formats: Collection[Format] = PNG
) -> ImageFiles:
    """Draw every chart of a run into `folder`, one file each, named after the chart.

    Raises:
        HostError: the folder cannot be written.
    """
    t, notice = _messages_for_files(language, formats)
    where = heading(t, run.manifest)
    if run.manifest.engine.model.synthetic:
        where = f"{where} · {t('synthetic_title')}"
    return _write(_specs(run_figures(t, run), where), folder, formats, notice)


def write_comparison_images(
    comparison: Comparison,
    folder: Path,
    *,
    latencies: Latencies | None = None,
    formats: Collection[Format] = PNG,
) -> ImageFiles:
    """Draw every chart of a comparison into `folder`, and the two sheets of the old study
    (set1_metrics: one family by size; set2_metrics: one size by family) where its hosts allow.

    Titles of metrics are in the comparison's language.

    Raises:
        HostError: the folder cannot be written.
    """
    t, notice = _messages_for_files(comparison.language, formats)
    groups = comparison_figures(t, comparison, latencies)
    single = [group for group in groups if not group.key.startswith("study")]  # those are sheets
    return _write(_specs(single) | study_sheets(t, comparison), folder, formats, notice)


def study_sheets(t: Messages, comparison: Comparison) -> dict[str, Spec]:
    """Return the sheets of the old study by file name; further families and sizes carry theirs."""
    found: dict[str, Spec] = {}
    for table in study_tables(comparison):
        kind, _, name = table.key.partition(":")
        file = OLD_STUDY_FILES[0 if kind == "family" else 1]
        drawn = sheet(t, table)
        if drawn is not None:
            found[f"{file}_{name}" if file in found else file] = drawn
    return found


def for_file(spec: Spec) -> Spec:
    """Return a chart as a file shows it: a fixed width, light colours on white, no signals that
    only a page sets."""
    sized = {**spec, "width": WIDTH} if spec.get("width") == "container" else spec
    themed = {**sized, "config": {**config(FILE_FONT), "padding": 16}}
    return {**resolved(themed, LIGHT), "background": LIGHT["card"]}


def png(spec: Spec) -> bytes:
    """Return the chart as PNG."""
    import vl_convert  # here: it loads a JavaScript engine, which only drawing needs

    image: bytes = vl_convert.vegalite_to_png(
        json.dumps(for_file(spec)), scale=SCALE, allowed_base_urls=[]
    )
    return image


def svg(spec: Spec) -> str:
    """Return the chart as SVG; its text stays text, in the viewer's fonts."""
    import vl_convert  # as above

    image: str = vl_convert.vegalite_to_svg(json.dumps(for_file(spec)), allowed_base_urls=[])
    return image


@cache
def has_hangul_font() -> bool:
    """Say whether a font of this host can draw Hangul: two syllables give two pictures then, and
    one and the same box or blank otherwise."""
    import vl_convert  # as above

    def picture(text: str) -> bytes:
        drawn: bytes = vl_convert.svg_to_png(
            '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40">'
            f'<text x="4" y="30" font-size="28" font-family="{FILE_FONT}">{text}</text></svg>'
        )
        return drawn

    return picture("가") != picture("힣")


def _messages_for_files(language: str, formats: Collection[Format]) -> tuple[Messages, str | None]:
    """Return the words to draw with: English where PNG is asked for in Korean and no font here
    has Hangul, and a notice that says so."""
    t = Messages(language)
    if language == "ko" and "png" in formats and not has_hangul_font():
        return Messages("en"), t("no_hangul_font")
    return t, None


def _specs(groups: Iterable[FigureGroup], where: str | None = None) -> dict[str, Spec]:
    """Return the charts with what a page says beside them: a file stands alone."""
    return {
        figure.key: {**figure.spec, "title": chart_title(figure.title, figure.reading, where)}
        for group in groups
        for figure in group.figures
    }


def _write(
    specs: Mapping[str, Spec], folder: Path, formats: Collection[Format], notice: str | None
) -> ImageFiles:
    paths = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, spec in specs.items():
            for kind in formats:
                path = folder / f"{name}.{kind}"
                path.write_bytes(png(spec) if kind == "png" else svg(spec).encode())
                paths.append(path)
    except OSError as error:
        raise HostError(
            f"{folder} cannot be written: {error.strerror}; name another folder"
        ) from error
    return ImageFiles(tuple(paths), notice)
