"""Prometheus metrics and their names."""
