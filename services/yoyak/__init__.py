"""yoyak measures how fast a host runs an LLM, on the same news-summarization work everywhere."""

from importlib.metadata import version

__version__ = version("yoyak")
