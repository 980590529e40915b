"""`python -m yoyak.cli`: the command, where its script is not on the path."""

from yoyak.cli.main import main

main()
