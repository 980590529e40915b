"""Facts and samples of this host, its engine's processes and its GPUs."""
