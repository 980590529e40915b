"""Panels with what each of ours has: title, description, unit, queries, size.

The one place that knows Grafana's panel types; a dashboard says what is shown, and by which query.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from grafana_foundation_sdk.builders import (
    bargauge,
    common,
    dashboard,
    heatmap,
    prometheus,
    stat,
    table,
    tempo,
    timeseries,
)
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.common import (
    BarGaugeDisplayMode,
    BigValueColorMode,
    BigValueGraphMode,
    FieldTextAlignment,
    HeatmapCellLayout,
    LegendDisplayMode,
    LegendPlacement,
    ScaleDistribution,
    SortOrder,
    StackingMode,
    TooltipDisplayMode,
    VisibilityMode,
    VizOrientation,
)
from grafana_foundation_sdk.models.dashboard import (
    DashboardLinkType,
    DataSourceRef,
    DataTransformerConfig,
    DynamicConfigValue,
    FieldColorModeId,
    Panel,
    ValueMap,
    ValueMappingResult,
)
from grafana_foundation_sdk.models.heatmap import HeatmapColorMode
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

PROMETHEUS = DataSourceRef(type_val="prometheus", uid="${datasource}")
TEMPO = DataSourceRef(type_val="tempo", uid="${traces}")
THRESHOLD = "alert threshold"  # the legend of a threshold's line
WIDTH = 24  # of Grafana's grid
_HEIGHT = 8
_SLOWEST = 100  # traces that a table asks for

Seconds = "s"
Bytes = "bytes"
Ratio = "percentunit"
Count = "short"
Cores = "suffix:cores"  # Grafana puts a space before it
CharsPerSecond = "suffix:chars/s"
TokensPerSecond = "suffix:tokens/s"
RequestsPerSecond = "reqps"
PagesPerSecond = "suffix:pages/s"
SpansPerSecond = "suffix:spans/s"
Watts = "watt"
Joules = "joule"
Celsius = "celsius"
Hertz = "hertz"
Dollars = "currencyUSD"
Moment = "dateTimeAsIso"  # of Unix time in ms


@dataclass(frozen=True, slots=True)
class Query:
    """One PromQL query of a panel, and what its series are called there."""

    expression: str
    legend: str = ""
    exemplar: bool = False  # also ask for the traces behind the buckets


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table of instant values."""

    title: str
    unit: str
    expression: str
    is_bad_above_zero: bool = False  # shown in red then


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """What a reader is told of a panel."""

    title: str
    description: str
    unit: str


P = TypeVar("P", timeseries.Panel, bargauge.Panel, stat.Panel, heatmap.Panel, table.Panel)


def lines(
    text: Text,
    queries: Sequence[Query],
    *,
    threshold: str | None = None,
    is_stacked: bool = False,
    maximum: float | None = None,
    width: int = 12,
) -> Builder[Panel]:
    """Return series over time; a threshold's query is drawn as a dashed line."""
    panel = _sized(timeseries.Panel(), text, width)
    for number, query in enumerate(queries):
        panel = panel.with_target(_target(query, number))
    if threshold is not None:
        panel = panel.with_target(_target(Query(threshold, THRESHOLD), len(queries)))
        panel = panel.override_by_name(THRESHOLD, _DASHED)
    if is_stacked:
        panel = panel.stacking(common.StackingConfig().mode(StackingMode.NORMAL))
    if maximum is not None:
        panel = panel.max(maximum)
    return (
        panel.unit(text.unit)
        .min(0)
        .line_width(2)
        .fill_opacity(60 if is_stacked else 8)
        .show_points(VisibilityMode.AUTO)
        .legend(
            common.VizLegendOptions()
            .display_mode(LegendDisplayMode.TABLE)
            .placement(LegendPlacement.BOTTOM)
            .show_legend(True)
            .calcs(["lastNotNull", "max"])
        )
        .tooltip(
            common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI).sort(SortOrder.DESCENDING)
        )
    )


def bars(text: Text, query: Query, *, width: int = 8) -> Builder[Panel]:
    """Return one horizontal bar a series, of the present values."""
    return (
        _sized(bargauge.Panel(), text, width)
        .with_target(_target(query, 0, is_instant=True))
        .unit(text.unit)
        .min(0)
        .orientation(VizOrientation.HORIZONTAL)
        .display_mode(BarGaugeDisplayMode.BASIC)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .color_scheme(dashboard.FieldColor().mode(FieldColorModeId.PALETTE_CLASSIC))
    )


def number(
    text: Text, query: Query, *, states: Mapping[int, tuple[str, str]] | None = None, width: int = 4
) -> Builder[Panel]:
    """Return the present value as one large number with its recent course.

    Args:
        text: as for every panel.
        query: one series.
        states: values that have a word and a colour of their own.
        width: columns of the grid.
    """
    panel = _sized(stat.Panel(), text, width)
    if states is not None:
        words = {
            str(value): ValueMappingResult(text=word, color=color, index=place)
            for place, (value, (word, color)) in enumerate(states.items())
        }
        panel = panel.mappings([ValueMap(options=words)])
    return (
        panel.height(4)
        .with_target(_target(query, 0))
        .unit(text.unit)
        .graph_mode(BigValueGraphMode.AREA)
        .color_mode(BigValueColorMode.NONE if states is None else BigValueColorMode.VALUE)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .no_value("no data")
    )


def heat(text: Text, query: Query, *, width: int = WIDTH) -> Builder[Panel]:
    """Return a histogram's buckets over time; the query gives `le` and increases."""
    return (
        _sized(heatmap.Panel(), text, width)
        .with_target(_target(query, 0).format(PromQueryFormat.HEATMAP))
        .calculate(False)
        .color(
            heatmap.HeatmapColorOptions().mode(HeatmapColorMode.SCHEME).scheme("Oranges").steps(64)
        )
        .rows_frame(heatmap.RowsHeatmapOptions().layout(HeatmapCellLayout.AUTO))
        .y_axis(heatmap.YAxisConfig().unit(text.unit))
        .scale_distribution(common.ScaleDistributionConfig().type(ScaleDistribution.LOG).log(10))
        .exemplars_color("rgba(255,0,255,0.7)")
    )


def instant_table(
    text: Text,
    keys: Mapping[str, str],
    columns: Sequence[Column],
    *,
    sort_by: str,
    links: Mapping[str, tuple[str, str]],
) -> Builder[Panel]:
    """Return one row for each set of key labels.

    Args:
        text: as for every panel.
        keys: label to its column's title; every query keeps these labels and no others.
        columns: the values.
        sort_by: title of a column, descending.
        links: of a key's column, by its title: (what the link is called, where it leads).
    """
    panel = _sized(table.Panel(), text, WIDTH).unit(text.unit).align(FieldTextAlignment.AUTO)
    values = {}
    for number_, column in enumerate(columns):
        query = Query(column.expression)
        target = _target(query, number_, is_instant=True).format(PromQueryFormat.TABLE)
        panel = panel.with_target(target)
        values[f"Value #{_ref(number_)}"] = column.title
        unit = DynamicConfigValue(id_val="unit", value=column.unit)
        red = _RED_ABOVE_ZERO if column.is_bad_above_zero else []
        panel = panel.override_by_name(column.title, [unit, *red])
    for title, (name, url) in links.items():
        link_ = DynamicConfigValue(id_val="links", value=[{"title": name, "url": url}])
        panel = panel.override_by_name(title, [link_])
    titles = {**keys, **values}
    return panel.transformations(
        [
            DataTransformerConfig(id_val="merge", options={}),
            DataTransformerConfig(
                id_val="organize",
                options={
                    "excludeByName": {"Time": True},
                    "indexByName": {name: index for index, name in enumerate(titles)},
                    "renameByName": titles,
                },
            ),
        ]
    ).sort_by([common.TableSortByFieldState().display_name(sort_by).desc(True)])


def traces(text: Text, traceql: str) -> Builder[Panel]:
    """Return a table of traces, the longest first."""
    query = (
        tempo.TempoQuery()
        .ref_id("A")
        .query_type("traceql")
        .query(traceql)
        .limit(_SLOWEST)
        .datasource(TEMPO)
    )
    return (
        _sized(table.Panel(), text, WIDTH)
        .datasource(TEMPO)
        .unit(text.unit)
        .align(FieldTextAlignment.AUTO)
        .with_target(query)
        .sort_by([common.TableSortByFieldState().display_name("Duration").desc(True)])
    )


def link(title: str, uid: str) -> Builder[Any]:
    """Return a link to another of our dashboards that keeps its time range and variables."""
    return (
        dashboard.DashboardLink(title)
        .type(DashboardLinkType.LINK)
        .url(f"/d/{uid}")
        .keep_time(True)
        .include_vars(True)
    )


def url_of(uid: str, variable: str) -> str:
    """Return the address of a dashboard of ours where the clicked cell is a variable's value."""
    kept = "${datasource:queryparam}&${__url_time_range}"
    return f"/d/{uid}?var-{variable}=${{__value.raw}}&{kept}"


def _sized(panel: P, text: Text, width: int) -> P:
    return (
        panel.title(text.title)
        .description(text.description)
        .datasource(PROMETHEUS)
        .height(_HEIGHT)
        .span(width)
    )


def _target(query: Query, number_: int, *, is_instant: bool = False) -> prometheus.Dataquery:
    target = (
        prometheus.Dataquery()
        .expr(query.expression)
        .legend_format(query.legend or "__auto")
        .ref_id(_ref(number_))
        .datasource(PROMETHEUS)
    )
    target = target.exemplar(query.exemplar)
    return target.instant() if is_instant else target.range()


def _ref(number_: int) -> str:
    return chr(ord("A") + number_)


_RED_ABOVE_ZERO = [
    DynamicConfigValue(id_val="custom.cellOptions", value={"type": "color-text"}),
    DynamicConfigValue(
        id_val="thresholds",
        value={
            "mode": "absolute",
            "steps": [{"color": "text", "value": None}, {"color": "red", "value": 1}],
        },
    ),
    DynamicConfigValue(id_val="color", value={"mode": "thresholds"}),
]
_DASHED = [
    DynamicConfigValue(id_val="custom.lineStyle", value={"fill": "dash", "dash": [10, 10]}),
    DynamicConfigValue(id_val="custom.fillOpacity", value=0),
    DynamicConfigValue(id_val="custom.showPoints", value="never"),
    DynamicConfigValue(id_val="custom.stacking", value={"mode": "none"}),
    DynamicConfigValue(id_val="color", value={"mode": "fixed", "fixedColor": "red"}),
]
