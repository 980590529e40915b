"""Vega, Vega-Lite and Vega-Embed as one script, the library that draws the charts of a page.

`python -m yoyak.report.chart_library` leaves the script in the package's assets. An image that does
so needs vl-convert-python no longer, whose 84 MB hold the script's 1 MB.
"""

import sys
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path

from yoyak.errors import HostError

_CARRIED = files("yoyak.report").joinpath("assets", "vega.js")  # in an image only


@cache
def vega_bundle() -> str:
    """Return the script: the one that the package carries, else made by vl-convert-python.

    Raises:
        HostError: it is not carried, and vl-convert-python is not installed.
        ValueError: the script holds an end tag, so that it cannot stand inside a page.
    """
    if _CARRIED.is_file():
        return _CARRIED.read_text(encoding="utf-8")
    try:
        import vl_convert  # here: it loads a JavaScript engine, which only a report needs
    except ImportError as error:
        raise HostError(
            "a report needs the chart library, and vl-convert-python is not installed; "
            "install it: pip install vl-convert-python"
        ) from error

    bundle: str = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
    if "</script" in bundle.lower():
        raise ValueError("the chart library holds an end tag of script")
    return bundle.replace("\r\n", "\n")  # as a parser reads it, so that the hash agrees


def carry(folder: Path) -> Path:
    """Write the script into a folder of assets and return its path."""
    path = folder / _CARRIED.name
    path.write_text(vega_bundle(), encoding="utf-8", newline="\n")
    return path


if __name__ == "__main__":
    with as_file(files("yoyak.report").joinpath("assets")) as assets:
        sys.stdout.write(f"{carry(assets)}\n")
