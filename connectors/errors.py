"""What can go wrong with a system outside."""

from typing import Any

from graph.errors import GreenchainError


class ConnectorError(GreenchainError):
    """A system outside did not do what it was asked."""


class ServiceUnreachable(ConnectorError):
    """Nobody answers there, or not as a Greenchain service would."""


class ServiceRefused(ConnectorError):
    """The service answered with an error; ``problem`` is its problem details (RFC 9457), or an OAuth2 error."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        self.status = status
        self.problem = problem
        super().__init__(self._words())

    def _words(self) -> str:
        problem = self.problem
        words = problem.get("detail") or problem.get("error_description") or problem.get("title") or "refused"
        faults = [
            f"{e.get('pointer', e.get('parameter', ''))}: {e.get('detail', '')}" for e in problem.get("errors", [])
        ]
        if len(faults) == 1 and problem["errors"][0].get("detail") == words:
            return f"{self.status}: {faults[0].removeprefix(': ')}"  # the same words, once
        return f"{self.status}: {words}" + ("" if not faults else " (" + "; ".join(faults[:5]) + ")")


class FetchError(ConnectorError):
    """Something outside could not be fetched safely. Nothing was learned from it, so nothing may be concluded."""


class Unresolvable(FetchError):
    """Not now: no answer, no trustworthy connection, a fault over there. Worth another try; no verdict on anything."""


class Refused(FetchError):
    """Not this way: the address or its answer breaks a rule of ours, and asking again would change nothing."""
