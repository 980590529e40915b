"""How pages and articles travel between the crawl and its extraction processes.

A frame is a 4-byte length and JSON; a request's frame is followed by the page's bytes.
"""

import struct

LENGTH = struct.Struct("!I")
