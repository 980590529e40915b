"""Charts as Vega-Lite specifications: pure functions from data to a plain dict."""
