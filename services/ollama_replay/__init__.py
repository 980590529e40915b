"""Ollama's HTTP API played from a scripted timeline with known truth: the ruler of our own error.

`Script` says what happens and when, `running` starts a server process that does it, and the truth
log says when each byte really left.
"""

from ollama_replay.child import Replay, running
from ollama_replay.script import Fault, Model, Pull, Script, Timeline

__all__ = ["Fault", "Model", "Pull", "Replay", "Script", "Timeline", "running"]
