"""llama.cpp built natively on this host: its recipe, builds in the cache, the running server."""
