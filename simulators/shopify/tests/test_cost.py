"""Query cost and the bucket."""

from simulators.bucket import Bucket

ORDERS = "query($n: Int!) { orders(first: $n) { nodes { name lineItems(first: 10) { nodes { id } } } } }"


def test_the_answer_tells_costs_and_what_is_left(api):
    api.place()
    cost = api.run(ORDERS, {"n": 10})["extensions"]["cost"]
    assert cost["requestedQueryCost"] > cost["actualQueryCost"] > 0
    assert cost["throttleStatus"]["maximumAvailable"] == 2000.0
    assert cost["throttleStatus"]["restoreRate"] == 100.0


def test_the_difference_between_requested_and_actual_is_given_back(api):
    api.control("POST", "/settings", bucket={"maximum": 1000, "restore_rate": 0})
    cost = api.run(ORDERS, {"n": 20})["extensions"]["cost"]
    assert cost["throttleStatus"]["currentlyAvailable"] == 1000 - cost["actualQueryCost"]


def test_an_empty_bucket_throttles_and_a_refilled_one_serves(api):
    api.control("POST", "/settings", bucket={"maximum": 1, "restore_rate": 0})
    answer = api.run(ORDERS, {"n": 5})
    (error,) = answer["errors"]
    assert (error["message"], error["extensions"]["code"]) == ("Throttled", "THROTTLED")
    assert answer["extensions"]["cost"]["actualQueryCost"] is None
    assert "data" not in answer
    api.control("POST", "/settings", bucket={"maximum": 1000, "restore_rate": 50})
    assert "errors" not in api.run(ORDERS, {"n": 5})


def test_a_query_that_is_too_dear_is_refused_whatever_is_left(api):
    query = """{ orders(first: 250) { nodes { lineItems(first: 250) { nodes { variant { product {
      variants(first: 250) { nodes { id } } } } } } } } }"""
    (error,) = api.errors(query)
    assert error["extensions"]["code"] == "MAX_COST_EXCEEDED"
    assert error["extensions"]["maxCost"] == 1000


def test_a_mutation_costs_ten(api):
    mutation = (
        'mutation { webhookSubscriptionDelete(id: "gid://shopify/WebhookSubscription/1") { userErrors { message } } }'
    )
    assert api.run(mutation)["extensions"]["cost"]["requestedQueryCost"] == 10


def test_the_bucket_refills_at_its_rate_and_not_beyond_its_size():
    moments = iter([0.0, 0.0, 3.0, 3.0, 100.0])
    bucket = Bucket(100, 10, clock=lambda: next(moments))
    assert bucket.take(100)
    assert not bucket.take(31)
    assert bucket.take(30)
    assert bucket.status()["currentlyAvailable"] == 100
