"""A page's main text, quickly: for what needs to know what a reader sees, not for the dataset."""

from resiliparse.extract.html2text import extract_plain_text


def main_text(source: str) -> str:
    """Return resiliparse's main text: quick, and rather too much than too little."""
    return str(
        extract_plain_text(
            source,
            main_content=True,
            alt_texts=False,
            comments=False,
            list_bullets=False,
            preserve_formatting=False,
        )
    )
