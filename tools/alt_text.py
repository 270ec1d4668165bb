"""What counts as a description of a picture."""

PLACEHOLDERS = ("no description has been provided", "alt text", "todo", "image of", "../_images")


def alt_problem(alt: str | None) -> str | None:
    """Return what is wrong with a picture's alternative text, or None."""
    if not alt or not alt.strip():
        return "no alt text"
    if len(alt.split()) < 5:
        return f"alt text of fewer than five words: {alt!r}"
    if any(placeholder in alt.lower() for placeholder in PLACEHOLDERS):
        return f"alt text is a placeholder: {alt!r}"
    return None
