"""A command of the control API: JSON in, JSON out, failures as 4xx with a sentence."""

from ..http import json_response
from ..state.not_possible import NotPossible


class BadCommand(ValueError):
    """The command cannot be carried out; the text says why."""


def command(function):
    """Read the body, answer failures as 4xx with a sentence."""

    def endpoint(world, request, **values):
        body = request.get_json(silent=True) or {}
        try:
            return json_response(function(world, body if isinstance(body, dict) else {}, request, **values))
        except KeyError as error:
            return json_response({"error": str(error.args[0])}, 404)
        except (BadCommand, NotPossible, TypeError, ValueError, AttributeError) as error:
            return json_response({"error": str(error)}, 400)

    endpoint.__doc__ = function.__doc__
    return endpoint


def only(body, known):
    """:raises BadCommand: the body has keys that the command does not know"""
    unknown = set(body) - set(known)
    if unknown:
        raise BadCommand(f"unknown {', '.join(sorted(unknown))}; known: {', '.join(sorted(known))}")
