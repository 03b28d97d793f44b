"""What Stripe answers when it does not do what was asked. Source: Stripe API reference, "Errors"."""


class ApiError(Exception):
    """One refusal.

    :param int status: HTTP status
    :param str kind: ``type`` of the error object
    """

    def __init__(self, message, status=400, kind="invalid_request_error", code=None, param=None):
        super().__init__(message)
        self.status = status
        self.body = {"error": {"message": message, "type": kind}}
        self.body["error"].update({key: value for key, value in (("code", code), ("param", param)) if value})


def missing(kind, object_id):
    return ApiError(f"No such {kind}: '{object_id}'", 404, code="resource_missing", param="id")


def invalid(message, param=None):
    return ApiError(message, param=param)
