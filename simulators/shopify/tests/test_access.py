"""Tokens, scopes and protected data."""

import httpx
import pytest
from shopify_app.exchange.client_credentials import exchange_using_client_credentials
from shopify_app.graphql.admin_graphql import admin_graphql_request

QUERY = "{ shop { name } }"


def test_a_token_is_granted_for_form_and_json(api):
    answer = api.grant().json()
    assert set(answer) == {"access_token", "scope", "expires_in"}
    assert answer["expires_in"] == 86399
    fields = {
        "client_id": "retail-integration",
        "client_secret": "shpss_simulated_secret",
        "grant_type": "client_credentials",
    }
    assert api.session.post(f"{api.url}/admin/oauth/access_token", json=fields).status_code == 200


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "wrong"}, 400, "application_cannot_be_found"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
    ],
)
def test_a_wrong_credential_is_refused(api, changes, status, error):
    response = api.grant(**changes)
    assert (response.status_code, response.json()["error"]) == (status, error)


def test_a_token_expires_after_a_day_and_others_live_on(api):
    api.control("POST", "/clock", seconds=80_000)
    second = api.grant().json()["access_token"]
    assert api.post(QUERY).status_code == 200
    api.control("POST", "/clock", seconds=7_000)
    refused = api.post(QUERY)
    assert refused.status_code == 401
    assert refused.json() == {"errors": "[API] Invalid API key or access token (unrecognized login or wrong password)"}
    assert api.post(QUERY, token=second).status_code == 200


def test_a_revoked_token_is_refused_at_once(api):
    api.control("POST", "/tokens/revoke")
    assert api.post(QUERY).status_code == 401


def test_no_token_no_answer(api):
    assert api.post(QUERY, token="shpat_of_nobody").status_code == 401


def test_an_unknown_version_is_not_found(api):
    assert api.post(QUERY, version="2020-01").status_code == 404


@pytest.mark.parametrize("version", ["2026-07", "2026-10"])
def test_the_answer_names_the_version_that_gave_it(api, version):
    assert api.post(QUERY, version=version).headers["X-Shopify-API-Version"] == version


def test_a_missing_scope_is_denied_in_the_vendors_words(api):
    api.place()
    api.control("POST", "/settings", scopes=["read_orders"])
    answer = api.run("{ orders(first: 1) { nodes { name customer { id } } } }")
    assert answer["data"]["orders"]["nodes"][0]["customer"] is None
    (error,) = answer["errors"]
    assert error["message"] == "Access denied for customer field. Required access: `read_customers` access scope."
    assert error["path"] == ["orders", "nodes", 0, "customer"]
    assert error["extensions"]["requiredAccess"] == "`read_customers` access scope."


def test_nodes_do_not_leak_a_record_without_its_scope(api):
    order = api.place()
    api.control("POST", "/settings", scopes=["read_products"])
    answer = api.run("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": [order["id"]]})
    assert answer["data"]["nodes"] == [None]
    assert answer["errors"][0]["extensions"]["code"] == "ACCESS_DENIED"


def test_installed_scopes_are_told(api):
    api.control("POST", "/settings", scopes=["read_orders", "write_products"])
    handles = api.data("{ currentAppInstallation { accessScopes { handle } } }")["currentAppInstallation"][
        "accessScopes"
    ]
    assert [entry["handle"] for entry in handles] == ["read_orders", "write_products"]


def test_protected_data_is_null_without_approval(hooked, receiver, settled):
    hooked.control("POST", "/settings", protected_customer_data=False)
    order = hooked.place("simple")
    query = """query($id: ID!) { order(id: $id) { email shippingAddress { name address1 city countryCodeV2 }
      customer { firstName displayName defaultEmailAddress { emailAddress } } } }"""
    answer = hooked.data(query, {"id": order["id"]})["order"]
    assert answer["email"] is None
    address = answer["shippingAddress"]
    assert (address["name"], address["address1"]) == (None, None)
    assert address["city"] and address["countryCodeV2"]
    assert answer["customer"] == {"firstName": None, "displayName": "", "defaultEmailAddress": None}
    settled()
    assert b"@example" not in receiver.seen[0][1]


def test_orders_older_than_sixty_days_need_a_scope_of_their_own(api):
    order = api.place()
    api.control("POST", "/clock", seconds=61 * 86400)
    api.token = api.grant().json()["access_token"]
    query = "{ orders(first: 5) { nodes { name } } }"
    assert api.data(query)["orders"]["nodes"] == []
    api.control("POST", "/settings", scopes=["read_orders", "read_all_orders"])
    assert api.data(query)["orders"]["nodes"] == [{"name": order["name"]}]


@pytest.fixture
def vendor_client(simulator):
    """An HTTP client for the vendor's own library, which only knows shops at the vendor's domain."""

    def to_simulator(request):
        target = httpx.Request(
            request.method,
            f"{simulator.url}{request.url.raw_path.decode()}",
            headers=request.headers,
            content=request.read(),
        )
        with httpx.Client() as client:
            response = client.send(target)
        return httpx.Response(response.status_code, headers=response.headers, content=response.content)

    with httpx.Client(transport=httpx.MockTransport(to_simulator)) as client:
        yield client


def test_the_vendors_own_library_gets_a_token_and_an_answer(vendor_client):
    config = {"client_id": "retail-integration", "client_secret": "shpss_simulated_secret"}
    granted = exchange_using_client_credentials("harbour-vale", config, http_client=vendor_client)
    assert granted.ok, granted.log
    result = admin_graphql_request(
        QUERY, "harbour-vale", granted.access_token.token, "2026-07", http_client=vendor_client
    )
    assert result.ok and result.data == {"shop": {"name": "Harbour & Vale"}}


def test_the_vendors_own_library_understands_the_refusals(vendor_client):
    wrong = {"client_id": "retail-integration", "client_secret": "wrong"}
    refused = exchange_using_client_credentials("harbour-vale", wrong, http_client=vendor_client)
    assert (refused.ok, refused.log.code) == (False, "invalid_client")
    result = admin_graphql_request(QUERY, "harbour-vale", "shpat_no", "2026-07", http_client=vendor_client)
    assert (result.ok, result.log.code) == (False, "unauthorized")
