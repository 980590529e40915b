"""yoyak measures how fast a host runs an LLM, on the same news-summarization work everywhere."""

__version__ = "0.1.0"
