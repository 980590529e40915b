"""From raw records to published numbers; pure functions."""
