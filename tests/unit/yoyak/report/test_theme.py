"""Colours that everybody can tell apart, on light and on dark."""

import json
from collections.abc import Mapping
from itertools import combinations

import numpy as np
import pytest

from yoyak.report.theme import DARK, LIGHT, SERIES, color, config, resolved

THEMES = pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
# Machado, Oliveira and Fernandes (2009), severity 1.0, on linear RGB.
COLOR_BLINDNESS = {
    "none": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritanopia": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}
CLEARLY_DIFFERENT = 20.0  # CIE76; about 2.3 is just noticeable side by side


def linear(code: str) -> np.ndarray:
    channels = np.array([int(code[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def contrast(first: str, second: str) -> float:
    """WCAG 2.2's contrast ratio."""
    weights = np.array([0.2126, 0.7152, 0.0722])
    low, high = sorted(float(linear(code) @ weights) for code in (first, second))
    return (high + 0.05) / (low + 0.05)


def lab(rgb: np.ndarray) -> np.ndarray:
    to_xyz = np.array(
        [
            [0.4124564, 0.3575761, 0.1804375],
            [0.2126729, 0.7151522, 0.0721750],
            [0.0193339, 0.1191920, 0.9503041],
        ]
    )
    white = np.array([0.95047, 1.0, 1.08883])
    ratio = to_xyz @ np.clip(rgb, 0, 1) / white
    root = np.where(ratio > 0.008856, np.cbrt(ratio), 7.787 * ratio + 16 / 116)
    x, y, z = root
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@THEMES
@pytest.mark.parametrize("name", [*SERIES, "warmup", "invalid", "warning", "good"])
def test_what_is_drawn_stands_out_from_its_ground(theme: Mapping[str, str], name: str) -> None:
    assert contrast(theme[name], theme["card"]) >= 3.0


@THEMES
@pytest.mark.parametrize(
    ("text", "ground"),
    [
        ("ink", "page"),
        ("ink", "card"),
        ("muted", "page"),
        ("muted", "card"),
        ("accent", "page"),
        ("invalid", "invalid-back"),
        ("warning", "warning-back"),
        ("info", "info-back"),
        ("ink", "band"),
        ("muted", "warning-back"),
        ("muted", "info-back"),
        ("muted", "invalid-back"),
    ],
)
def test_text_can_be_read(theme: Mapping[str, str], text: str, ground: str) -> None:
    assert contrast(theme[text], theme[ground]) >= 4.5


@THEMES
@pytest.mark.parametrize("kind", COLOR_BLINDNESS)
def test_series_differ_for_every_kind_of_sight(theme: Mapping[str, str], kind: str) -> None:
    seen = {name: lab(COLOR_BLINDNESS[kind] @ linear(theme[name])) for name in SERIES}
    for first, second in combinations(SERIES, 2):
        assert np.linalg.norm(seen[first] - seen[second]) > CLEARLY_DIFFERENT, (first, second)


def test_both_themes_have_the_same_colours() -> None:
    assert LIGHT.keys() == DARK.keys()


def test_a_file_has_the_colours_themselves() -> None:
    drawn = resolved({"config": config(), "mark": {"color": color("ink")}}, LIGHT)
    assert "var(--" not in json.dumps(drawn)
    assert drawn["mark"] == {"color": LIGHT["ink"]}


def test_an_unknown_colour_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError):
        color("beige")
