"""`yoyak compare`: runs side by side, what differs for certain, and what it costs."""
