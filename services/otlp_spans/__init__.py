"""Finished spans on their way to a trace store: what a span is, and how it is sent over OTLP.

A leaf: the library, the services and the crawler use it, and it knows none of them.
"""
