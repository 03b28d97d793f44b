"""Whether a shop understands all our documents in another API version, without anything being carried out.

GraphQL checks the whole document before it carries out the one operation that is named ("Validation" and "Executing
requests" in the GraphQL specification). So each of our documents, mutations too, is sent together with a query that
asks for nothing but the shop's id, and that query is what is named.
"""

import re

from odoo.addons.retail_integration_base.engine.errors import VendorChanged

from . import documents

PROBE = "RetailVersionTest"
_PROBE_TEXT = "query %s { shop { id } }" % PROBE
# Of several operations each has to have a name; a bulk operation's query has none.
_NAMELESS = re.compile(r"^query\s*(?=\{)", re.MULTILINE)


def find_differences(client, version):
    """Return what the shop does not accept in ``version``, a list of ``"document: what is wrong"``.

    :param ShopifyClient client: of the shop
    :param str version: ``2026-10``
    :raises VendorChanged: the shop does not serve this version (``served_version`` in its evidence)
    :raises RetailError: the shop could not be asked to the end
    """
    found = []
    for name in documents.names():
        try:
            client.check_document(tested_text(name), PROBE, version)
        except VendorChanged as error:
            if "served_version" in error.evidence:
                raise
            found += ["%s: %s" % (name, difference) for difference in error.differences or [str(error)]]
    return found


def tested_text(name):
    """Return the document ``name`` together with the query that is carried out in its place."""
    return "%s\n%s\n" % (_NAMELESS.sub("query RetailNameless ", documents.text(name)), _PROBE_TEXT)
