"""Model files: GGUF metadata, and GGUF files with synthetic weights."""
