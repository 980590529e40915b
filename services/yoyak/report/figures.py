"""A figure: a chart, what it shows, and the same data as a table for those who cannot see it."""

from dataclasses import dataclass
from typing import Literal

from yoyak.analysis.comparison import Table
from yoyak.report.charts.spec import Spec

Width = Literal["full", "half", "third"]


@dataclass(frozen=True, slots=True)
class Figure:
    """One chart of a report."""

    key: str  # stable: the element's id, the file's name
    title: str
    reading: str  # how to read it, in a sentence
    spec: Spec
    table: Table | None = None
    width: Width = "full"


@dataclass(frozen=True, slots=True)
class FigureGroup:
    """Figures under one heading."""

    key: str
    title: str
    figures: tuple[Figure, ...]
