"""The Grafana dashboards, built from the metrics' names; `python -m` writes them as JSON."""
