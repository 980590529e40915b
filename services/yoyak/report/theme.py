"""The colours of a report, and the Vega configuration that charts draw with.

Chart specifications name colours as CSS variables: in a page, dark, light and print then need no
second drawing. For PNG and SVG files `resolved` puts the light ones in their place.
"""

from collections.abc import Mapping
from typing import Any

FONT = (
    "system-ui, -apple-system, 'Segoe UI', 'Apple SD Gothic Neo', 'Malgun Gothic', 'Noto Sans KR', "
    "'Noto Sans CJK KR', NanumGothic, 'DejaVu Sans', sans-serif"
)
# A renderer without a browser takes the first family that the host has; resvg knows no system-ui.
FILE_FONT = (
    "'Noto Sans KR', 'Noto Sans CJK KR', NanumGothic, 'Malgun Gothic', 'Apple SD Gothic Neo', "
    "'DejaVu Sans', 'Liberation Sans', sans-serif"
)

# Series colours keep 3:1 against their page (WCAG 2.2, 1.4.11) and differ in lightness, so that
# they stay apart with every kind of colour blindness and in grey print; a test computes both.
LIGHT: Mapping[str, str] = {
    "page": "#fbfbfa",
    "card": "#ffffff",
    "ink": "#1b1f24",
    "muted": "#57606a",
    "line": "#dfe2e6",
    "grid": "#eceef1",
    "accent": "#1d56c9",
    "series-1": "#1d56c9",
    "series-2": "#c2410c",
    "series-3": "#139a7b",
    "series-4": "#b75fb3",
    "series-5": "#343b44",
    "warmup": "#868f99",
    "band": "#eef1f5",
    "invalid": "#b42318",
    "warning": "#8a5300",
    "info": "#1d56c9",
    "good": "#0f6b3f",
    "invalid-back": "#fdeeec",
    "warning-back": "#fdf4e3",
    "info-back": "#eaf2fb",
}
DARK: Mapping[str, str] = {
    "page": "#14171b",
    "card": "#1b1f25",
    "ink": "#e8eaed",
    "muted": "#a5adb8",
    "line": "#343a43",
    "grid": "#272c34",
    "accent": "#86aef8",
    "series-1": "#6f9cf5",
    "series-2": "#e8963a",
    "series-3": "#5fe3a8",
    "series-4": "#e3c3e6",
    "series-5": "#7c8592",
    "warmup": "#7d8590",
    "band": "#20252c",
    "invalid": "#ff8f84",
    "warning": "#e9b44c",
    "info": "#86aef8",
    "good": "#5fd08f",
    "invalid-back": "#35201f",
    "warning-back": "#322a19",
    "info-back": "#1a2836",
}
SERIES = tuple(f"series-{number}" for number in range(1, 6))


def css_variables(colors: Mapping[str, str]) -> str:
    """Return the colours as CSS declarations."""
    return " ".join(f"--{name}: {value};" for name, value in colors.items())


def color(name: str) -> str:
    """Return the reference to a colour of the theme, for a chart or a style sheet.

    Raises:
        KeyError: the theme has no such colour.
    """
    if name not in LIGHT:
        raise KeyError(name)
    return f"var(--{name})"


def resolved(spec: Mapping[str, Any], colors: Mapping[str, str]) -> dict[str, Any]:
    """Return a copy of a chart in which the colours themselves stand for their references."""
    return {key: _resolved(part, colors) for key, part in spec.items()}


def _resolved(value: object, colors: Mapping[str, str]) -> object:
    if isinstance(value, Mapping):
        return resolved(value, colors)
    if isinstance(value, list | tuple):
        return [_resolved(part, colors) for part in value]
    if isinstance(value, str) and value.startswith("var(--"):
        return colors.get(value.removeprefix("var(--").removesuffix(")"), value)
    return value


def config(font: str = FONT) -> dict[str, Any]:
    """Return the Vega configuration that every chart is drawn with."""
    return {
        "background": "transparent",
        "font": font,
        "padding": 4,
        "view": {"stroke": None},
        "axis": {
            "labelColor": color("muted"),
            "labelFontSize": 12,
            "labelPadding": 6,
            "titleColor": color("muted"),
            "titleFontSize": 12,
            "titleFontWeight": "normal",
            "titlePadding": 8,
            "domainColor": color("line"),
            "tickColor": color("line"),
            "gridColor": color("grid"),
            "tickSize": 4,
        },
        "axisYQuantitative": {"domain": False, "ticks": False},
        "axisYDiscrete": {"domain": False, "ticks": False, "labelColor": color("ink")},
        "legend": {
            "labelColor": color("ink"),
            "labelFontSize": 12,
            "titleColor": color("muted"),
            "titleFontSize": 12,
            "titleFontWeight": "normal",
            "orient": "top",
            "offset": 8,
            "symbolSize": 90,
        },
        "header": {
            "labelColor": color("ink"),
            "labelFontSize": 12,
            "titleColor": color("muted"),
        },
        "title": {
            "color": color("ink"),
            "fontSize": 14,
            "fontWeight": 600,
            "anchor": "start",
            "subtitleColor": color("muted"),
            "subtitleFontSize": 12,
            "subtitlePadding": 6,
            "lineHeight": 18,
            "subtitleLineHeight": 16,
            "offset": 14,
            "frame": "group",
        },
        "text": {"color": color("ink"), "fontSize": 12},
        "mark": {"color": color("series-1")},
        "line": {"strokeWidth": 2},
        "bar": {"cornerRadiusEnd": 2},
        "range": {"category": [color(name) for name in SERIES]},
    }
