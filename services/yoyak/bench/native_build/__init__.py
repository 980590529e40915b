"""`yoyak engine build`: from llama.cpp's source to a checked native build in the cache."""
