"""Run folders on disk: written as things happen, read back for reports."""
