"""Engines: adapters from one prompt to a stream of stamped chunks and the engine's own counts."""
