"""What templates may call: numbers and words in the form people read."""

import flask

from service.web import numbers, words


def init_app(app: flask.Flask) -> None:
    """Give the templates their filters and words."""
    told = (numbers.fixed, numbers.exact, numbers.percent, numbers.quantity, numbers.size, numbers.day)
    told += (numbers.moment, numbers.iso, numbers.readable_unit, numbers.decimals_for)
    app.jinja_env.filters.update({f.__name__: f for f in told})
    app.jinja_env.filters.update(
        basis=words.basis, boundary=words.boundary, check_title=words.check_title, sentence=sentence
    )
    app.jinja_env.globals.update(outcomes=words.OUTCOMES, formats=words.FORMATS, breakdowns=words.BREAKDOWNS)


def sentence(text: str) -> str:
    """A text with a capital letter and a full stop."""
    text = text.strip()
    return f"{text[:1].upper()}{text[1:]}" + ("" if text.endswith((".", "!", "?")) else ".")
