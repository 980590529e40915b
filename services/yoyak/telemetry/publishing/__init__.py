"""A finished run into Grafana and Prometheus: annotation, dashboards, series."""
