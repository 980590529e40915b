"""One page that opens offline: style, scripts and data inside, a policy against all else."""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from yoyak import __version__
from yoyak.report.cells import has_ties, table_text
from yoyak.report.chart_library import vega_bundle
from yoyak.report.figures import FigureGroup
from yoyak.report.messages import Messages
from yoyak.report.theme import DARK, FONT, LIGHT, config, css_variables

# Hangul has no lower case to lose, but "<", ">" and "&" could end the script that holds the data,
# and U+2028 and U+2029 end a line in old JavaScript.
_UNSAFE_IN_SCRIPT = {ord(char): f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"}


def render(
    template: str,
    t: Messages,
    *,
    title: str,
    groups: Sequence[FigureGroup],
    context: Mapping[str, Any],
) -> str:
    """Return a page from a template of this package.

    Args:
        template: the file's name in templates/.
        title: of the document.
        groups: the charts, in order.
        context: what the template shows beyond them; every string is escaped.
    """
    figures = [figure for group in groups for figure in group.figures]
    style, script = _style(), _asset("page.js")
    scripts = (vega_bundle(), script)
    data = {
        "config": config(),
        "charts": {figure.key: figure.spec for figure in figures},
        "messages": {"chart_failed": t("chart_failed")},
    }
    environment = Environment(
        loader=PackageLoader("yoyak.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template).render(
        **context,
        t=t,
        has_ties=has_ties,
        title=title,
        language=t.language,
        version=__version__,
        groups=groups,
        texts={f.key: table_text(f.table) for f in figures if f.table is not None},
        policy=_policy(style, scripts),
        style=Markup(style),  # noqa: S704 -- our own file and colours, no data
        data=Markup(script_json(data)),  # noqa: S704 -- escaped by script_json
        bundle=Markup(scripts[0]),  # noqa: S704 -- the library's own code; checked for an end tag
        script=Markup(scripts[1]),  # noqa: S704 -- our own file, no data
    )


def script_json(value: object) -> str:
    """Return JSON that is safe inside a script element, whatever the strings in it hold."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.translate(_UNSAFE_IN_SCRIPT)


def _style() -> str:
    light, dark = css_variables(LIGHT), css_variables(DARK)
    return (
        f":root {{ color-scheme: light dark; --font: {FONT}; {light} }}\n"
        f"@media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}\n"
        f"@media print {{ :root {{ color-scheme: light; {light} }} }}\n"
        f"{_asset('page.css')}"
    )


def _asset(name: str) -> str:
    return files("yoyak.report").joinpath("assets", name).read_text(encoding="utf-8")


def _policy(style: str, scripts: Sequence[str]) -> str:
    """Return a content security policy: these very scripts and styles, and no request at all."""
    hashes = " ".join(_hash(script) for script in scripts)
    return (
        f"default-src 'none'; script-src {hashes}; style-src {_hash(style)}; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
