"""`python -m newscrawl`: crawl news pages into a dataset; a program, never imported by others.

    python -m newscrawl site 'http://127.0.0.1:8090/search?query=온새미증권' \
        --query 온새미증권 --out dataset --allow-host 127.0.0.1 --delay 0 --progress json

The closing table goes to standard output (`--format json` for programs). With `--progress json`,
standard error holds JSON lines such as {"event": "progress", "done": 3, "total": 26, "pages": 9,
"articles": 2, "known": 0, "skipped": 1, "queued": 23, "elapsed_s": 1.0, "eta_s": 7.7}, and at the
end, where it fails, one line that begins with "error: ". `total` grows while lists are read.
"""

from newscrawl.command import main

if __name__ == "__main__":
    main()
