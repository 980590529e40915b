"""The words of the reports in the reader's language."""

from typing import Literal, get_args

from yoyak.errors import UsageError
from yoyak.report.words import TABLE

Language = Literal["en", "ko"]
LANGUAGES: tuple[Language, ...] = get_args(Language)


class Messages:
    """The words of one language, by key: `t("latency")`, `t("repetition_n", n=3)`."""

    def __init__(self, language: str = "en") -> None:
        """Take one of LANGUAGES.

        Raises:
            UsageError: no such language.
        """
        if language not in LANGUAGES:
            raise UsageError(
                f'no report in language "{language}"; choose one of: {", ".join(LANGUAGES)}'
            )
        self.language = language
        self._column = LANGUAGES.index(language)

    def __call__(self, key: str, **values: object) -> str:
        """Return the words of `key`, its placeholders filled; raises KeyError if unknown."""
        return TABLE[key][self._column].format(**values)
