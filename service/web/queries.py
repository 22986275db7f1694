"""What pages read from the address: short texts, one each."""

import flask

from service.problems import FieldFault


def text(name: str, most: int) -> str:
    """A parameter without the spaces around it; "" where it is not given. Raises ``FieldFault`` when too long."""
    given = flask.request.args.get(name, "").strip()
    if len(given) > most:
        raise FieldFault(f"has at most {most} characters", parameter=name)
    return given
