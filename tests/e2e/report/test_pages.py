"""The pages in a real browser: drawn, silent, alone, for every reader."""

import json
from typing import Any

import pytest
from selenium.webdriver.common.keys import Keys
from tests.e2e.report.conftest import Reader, wait_for

MOST_STOPS = 200  # of the Tab key on one page
EVERY = pytest.mark.parametrize(
    "name",
    ["run", "run in Korean", "comparison", "comparison in Korean", "old study", "hostile"],
)


@EVERY
def test_the_console_stays_empty(reader: Reader, name: str) -> None:
    reader.open(name)
    assert reader.log("browser") == []


@EVERY
def test_every_chart_is_drawn(reader: Reader, name: str) -> None:
    reader.open(name)
    drawn: Any = reader.script(
        """return [...document.querySelectorAll('.chart')].map(place => {
            const svg = place.querySelector('svg');
            const box = svg ? svg.getBoundingClientRect() : {width: 0, height: 0};
            const paths = svg ? [...svg.querySelectorAll('[class*="mark-"] > path')] : [];
            const marks = paths.filter(mark => mark.getBBox().width > 0).length;
            return {id: place.id, width: box.width, height: box.height, marks,
                    texts: svg ? svg.querySelectorAll('text').length : 0};
        })"""
    )
    assert drawn
    for chart in drawn:
        assert chart["width"] > 200, chart
        assert chart["height"] > 50, chart
        assert chart["marks"] > 0, chart
        assert chart["texts"] > 2, chart


@EVERY
def test_nothing_is_fetched(reader: Reader, name: str) -> None:
    chrome = reader.open(name)
    messages = [json.loads(entry["message"])["message"] for entry in reader.log("performance")]
    asked = [
        message["params"]["request"]["url"]
        for message in messages
        if message["method"] == "Network.requestWillBeSent"
    ]
    assert [url for url in asked if not url.startswith("data:")] == [chrome.current_url]
    assert reader.script("return performance.getEntriesByType('resource').length") == 0


def test_the_policy_forbids_what_the_page_does_not_do(reader: Reader) -> None:
    reader.open("run")
    reader.script(
        """window.violated = [];
        document.addEventListener('securitypolicyviolation',
            event => window.violated.push(event.effectiveDirective));
        fetch('http://127.0.0.1:9/').catch(() => null);
        const image = new Image(); image.src = 'http://127.0.0.1:9/x.png';
        const script = document.createElement('script');
        script.textContent = 'window.injected = true'; document.body.append(script);"""
    )
    wait_for(lambda: len(list(_list(reader, "window.violated"))) >= 3, "the violations")
    violated = {str(directive) for directive in _list(reader, "window.violated")}
    assert {"connect-src", "img-src"} <= violated
    assert any(directive.startswith("script-src") for directive in violated)
    assert reader.script("return window.injected === undefined")


def _list(reader: Reader, expression: str) -> list[object]:
    found = reader.script(f"return {expression}")
    assert isinstance(found, list)
    return found


@EVERY
@pytest.mark.parametrize("width", [400, 1280])
def test_no_page_scrolls_sideways(reader: Reader, name: str, width: int) -> None:
    reader.open(name, width=width)
    assert reader.script("return document.documentElement.scrollWidth <= window.innerWidth")
    assert reader.script(
        """return [...document.querySelectorAll('.chart')].every(place =>
            place.querySelector('svg').getBoundingClientRect().right <= window.innerWidth)"""
    )


def test_charts_follow_the_width_of_the_window(reader: Reader) -> None:
    reader.open("run")
    width = "return document.querySelector('#chart-timeline svg').getBoundingClientRect().width"
    wide = reader.script(width)
    reader.look(width=400)
    wait_for(lambda: float(str(reader.script(width))) < 400, "a narrow chart")
    assert float(str(wide)) > 900


COLOURS = """
const fill = selector => getComputedStyle(document.querySelector(selector)).fill;
return {
    page: getComputedStyle(document.body).backgroundColor,
    text: getComputedStyle(document.body).color,
    label: fill('#chart-timeline .role-axis-label text'),
    mark: getComputedStyle(document.querySelector('#chart-timeline .mark-symbol path')).fill,
}"""


def test_dark_and_light_differ_in_page_and_charts_without_drawing_again(reader: Reader) -> None:
    reader.open("run")
    light: Any = reader.script(COLOURS)
    reader.look(dark=True)
    dark: Any = reader.script(COLOURS)
    for part in ("page", "text", "label", "mark"):
        assert light[part] != dark[part], part
        assert "var(" not in light[part]
    assert _brightness(light["page"]) > 200 > 100 > _brightness(dark["page"])
    assert _brightness(light["label"]) < 128 < _brightness(dark["label"])


def test_on_paper_a_dark_page_is_light(reader: Reader) -> None:
    reader.open("run", dark=True)
    reader.look(dark=True, media="print")
    printed: Any = reader.script(COLOURS)
    assert _brightness(printed["page"]) > 200
    assert _brightness(printed["label"]) < 128


def _brightness(rgb: str) -> float:
    channels = [float(part) for part in rgb[rgb.index("(") + 1 : -1].split(",")[:3]]
    return sum(channels) / 3


def test_the_keyboard_reaches_everything_in_order(reader: Reader) -> None:
    chrome = reader.open("run")
    seen: list[str] = []
    for _ in range(MOST_STOPS):
        chrome.switch_to.active_element.send_keys(Keys.TAB)
        focused: Any = reader.script(
            """const at = document.activeElement;
            const shown = getComputedStyle(at).outlineStyle !== 'none';
            return [at.id || at.className || at.tagName, at.tagName, shown]"""
        )
        if focused[1] == "BODY":  # past the last one
            break
        assert focused[2], f"the focus on {focused[0]} cannot be seen"
        seen.append(focused[0] if focused[1] != "SUMMARY" else "summary")
    assert seen[0] == "skip"
    assert "time-window" in seen
    assert "summary" in seen
    assert len(seen) < MOST_STOPS, "the focus is caught somewhere"
    assert any(name.startswith("scroll") for name in seen)


def test_a_part_of_the_run_can_be_chosen_with_the_keyboard(reader: Reader) -> None:
    chrome = reader.open("run")
    ticks = """return [...document.querySelectorAll('%s .role-axis-label text')]
        .map(label => label.textContent)"""
    charts = ("#chart-timeline", "#chart-host_cpu")
    before = {chart: reader.script(ticks % chart) for chart in charts}
    select = chrome.find_element("id", "time-window")
    select.send_keys(Keys.ARROW_DOWN, Keys.ARROW_DOWN)
    assert select.get_attribute("value") != "0 0"
    wait_for(
        lambda: all(reader.script(ticks % chart) != before[chart] for chart in charts),
        "every chart over time to move",
    )
    assert reader.log("browser") == []


def test_a_chart_can_be_read_as_a_table(reader: Reader) -> None:
    chrome = reader.open("run")
    summary = chrome.find_element("css selector", "#figure-phases summary")
    summary.send_keys(Keys.ENTER)
    table = chrome.find_element("css selector", "#figure-phases table")
    wait_for(table.is_displayed, "the table")
    assert "Repetition 1" in table.text
    assert "Decode" in table.text


def test_a_screen_reader_finds_headings_landmarks_charts_and_tables(reader: Reader) -> None:
    chrome = reader.open("run")
    tree: Any = chrome.execute_cdp_cmd("Accessibility.getFullAXTree", {})
    nodes = [
        (node["role"]["value"], node.get("name", {}).get("value", ""))
        for node in tree["nodes"]
        if not node.get("ignored") and "role" in node
    ]
    roles = {role for role, _ in nodes}
    assert {"banner", "navigation", "main", "contentinfo", "heading", "table"} <= roles
    charts = [name for role, name in nodes if role == "graphics-document"]
    assert len(charts) == len(chrome.find_elements("css selector", ".chart"))
    assert all(charts)
    assert ("combobox", "Show") in {
        (role.lower().replace("menulistpopup", "combobox"), name) for role, name in nodes
    }
    assert all(name for role, name in nodes if role == "table")


def test_a_hostile_title_is_only_text(reader: Reader) -> None:
    chrome = reader.open("hostile")
    assert "<script>alert(1)</script>" in str(reader.script("return document.body.textContent"))
    assert chrome.find_elements("css selector", "img") == []
    assert reader.log("browser") == []


def test_without_scripts_the_page_says_where_the_data_is(reader: Reader) -> None:
    chrome = reader.open("run")
    chrome.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        chrome.refresh()
        words = chrome.find_element("css selector", "noscript .notice")
        wait_for(words.is_displayed, "the notice")
    finally:
        chrome.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_a_hovered_mark_says_its_value(reader: Reader) -> None:
    reader.open("run")
    reader.script(
        """const mark = document.querySelector('#chart-phases .mark-rect path');
        const box = mark.getBoundingClientRect();
        const at = {bubbles: true, clientX: box.x + 2, clientY: box.y + 2, view: window};
        for (const kind of ['pointermove', 'pointerover', 'mousemove', 'mouseover'])
            mark.dispatchEvent(new MouseEvent(kind, at));"""
    )
    tooltip = "#vg-tooltip-element"
    wait_for(
        lambda: reader.script(f"return document.querySelector('{tooltip}.visible') !== null"),
        "the tooltip",
    )
    assert "Repetition" in str(
        reader.script(f"return document.querySelector('{tooltip}').innerText")
    )
    assert reader.log("browser") == []
