"""The reports as web pages: one for a run, one for a comparison."""

from yoyak.report.comparison_page import comparison_html
from yoyak.report.run_page import run_html

__all__ = ["comparison_html", "run_html"]
