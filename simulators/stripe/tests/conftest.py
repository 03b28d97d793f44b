"""One simulator for a test, and the official SDK's client of it."""

import pytest
import stripe

from simulators.stripe import StripeSimulator


@pytest.fixture
def simulator():
    with StripeSimulator() as running:
        running.world.bucket.configure(10**6, 10**6)
        yield running


@pytest.fixture
def account(simulator):
    return simulator.world.account


@pytest.fixture
def client(simulator):
    return stripe.StripeClient("rk_test_simulated", base_addresses={"api": simulator.url}, max_network_retries=0)
