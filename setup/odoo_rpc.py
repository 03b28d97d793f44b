"""Ask a running Odoo over its external API, as any other program would."""

import json
import urllib.request

TIMEOUT_SECONDS = 120


class OdooClient:
    """A user's session with one database.

    :param str url: address of the server
    :param str database: database name
    """

    def __init__(self, url, database, login="admin", password="admin"):  # noqa: S107 the demo's and the tests' own
        self.url = url
        self.database = database
        self.login = login
        self.password = password
        self._uid = None

    def call(self, model, method, *args, **kwargs):
        """Call a public method of a model; the arguments are those of Odoo's external API.

        :raises RuntimeError: Odoo answered with an error; the text is its traceback
        """
        if self._uid is None:
            self._uid = self._rpc("common", "login", [self.database, self.login, self.password])
        return self._rpc("object", "execute_kw", [self.database, self._uid, self.password, model, method, args, kwargs])

    def create(self, model, **values):
        """Create one record and return its id."""
        made = self.call(model, "create", values)
        return made[0] if isinstance(made, list) else made

    def ref(self, xmlid):
        """Return the id of the record that an XML id names."""
        module, _dot, name = xmlid.partition(".")
        (found,) = self.call(
            "ir.model.data", "search_read", [("module", "=", module), ("name", "=", name)], fields=["res_id"]
        )
        return found["res_id"]

    def _rpc(self, service, method, args):
        params = {"service": service, "method": method, "args": args}
        answer = post_json(f"{self.url}/jsonrpc", {"jsonrpc": "2.0", "method": "call", "id": 1, "params": params})
        if "error" in answer:
            raise RuntimeError(answer["error"]["data"]["debug"])
        # Odoo leaves the key out where a method returns nothing.
        return answer.get("result")


def post_json(url, value):
    """Post ``value`` as JSON and return the decoded answer."""
    request = urllib.request.Request(url, json.dumps(value).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response:
        return json.load(response)


def get_json(url):
    """Return the decoded JSON answer to a GET."""
    with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as response:
        return json.load(response)
