"""`python -m yoyak.cli`: the command, where its script is not on the path."""

from yoyak.cli.entry import main

main()
