"""The command `yoyak`."""
