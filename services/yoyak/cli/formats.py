"""The forms that results are printed in."""

OUTPUT_FORMATS = ("text", "json", "csv", "markdown")
