"""The benchmark: parts built and joined."""
