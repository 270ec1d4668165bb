"""What counts as a description of a picture."""

from bs4 import Tag

PLACEHOLDERS = ("no description has been provided", "alt text", "todo", "image of", "../_images")


def alt_of(picture: Tag) -> str | None:
    """Return the alternative text of an ``<img>``, or None if it has none."""
    alt = picture.get("alt")
    return None if alt is None else str(alt)


def alt_problem(alt: str | None) -> str | None:
    """Return what is wrong with a picture's alternative text, or None."""
    if not alt or not alt.strip():
        return "no alt text"
    if len(alt.split()) < 5:
        return f"alt text of fewer than five words: {alt!r}"
    if any(placeholder in alt.lower() for placeholder in PLACEHOLDERS):
        return f"alt text is a placeholder: {alt!r}"
    return None
