"""What pages read from the address: short texts, one each, and as of what and by which policy a page is asked for."""

from dataclasses import replace

import flask

from graph.rollup.policy import gwp_names, policy_names
from service.api.chain import ask
from service.chain import AsOfUnknown
from service.context import services
from service.figures import Ask
from service.problems import FieldFault


def text(name: str, most: int) -> str:
    """A parameter without the spaces around it; "" where it is not given. Raises ``FieldFault`` when too long."""
    given = flask.request.args.get(name, "").strip()
    if len(given) > most:
        raise FieldFault(f"has at most {most} characters", parameter=name)
    return given


def asked() -> Ask:
    """Who asks, as of what and by which policy. Raises ``FieldFault`` for what there is not."""
    return ask(
        {"as_of": text("as_of", 40), "policy": _one_of("policy", policy_names()), "gwp": _one_of("gwp", gwp_names())}
    )


def asked_or_present() -> tuple[Ask, str]:
    """What ``asked`` says; where ``as_of`` names no time on record, the present, and what is wrong with it.

    Raises ``FieldFault`` for what else there is not.
    """
    try:
        question = asked()
        services.chain.at(question.as_of)
        return question, ""
    except AsOfUnknown as error:
        return replace(question, as_of=None), str(error)
    except FieldFault as error:
        if error.error.get("parameter") != "as_of":
            raise
        given = {"policy": _one_of("policy", policy_names()), "gwp": _one_of("gwp", gwp_names())}
        return ask({"as_of": ""} | given), str(error)


def _one_of(name: str, names: tuple[str, ...]) -> str:
    given = text(name, 40)
    if given and given not in names:
        raise FieldFault(f"is one of {', '.join(names)}", parameter=name)
    return given
