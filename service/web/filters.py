"""What templates may call: numbers and words in the form people read."""

from flask.sansio.app import App

from service.web import numbers, phrases, words


def init_app(app: App) -> None:
    """Give the templates their filters and words."""
    app.jinja_env.filters.update(
        fixed=numbers.fixed,
        exact=numbers.exact,
        percent=numbers.percent,
        quantity=numbers.quantity,
        size=numbers.size,
        day=numbers.day,
        moment=numbers.moment,
        iso=numbers.iso,
        readable_unit=numbers.readable_unit,
        decimals_for=numbers.decimals_for,
        basis=words.basis,
        boundary=words.boundary,
        allocation=phrases.allocation,
        known=phrases.known,
        check_title=words.check_title,
        sentence=sentence,
    )
    app.jinja_env.globals.update(
        outcomes=words.OUTCOMES,
        formats=words.FORMATS,
        breakdowns=words.BREAKDOWNS,
        three_facts=words.THREE_FACTS,
        words=words,
    )


def sentence(text: str) -> str:
    """A text with a capital letter and a full stop."""
    text = text.strip()
    return f"{text[:1].upper()}{text[1:]}" + ("" if text.endswith((".", "!", "?")) else ".")
