"""The summarizer service: an article in, a summary out, over HTTP."""
