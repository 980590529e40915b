"""Reports from files alone: text, Markdown, CSV, HTML."""
