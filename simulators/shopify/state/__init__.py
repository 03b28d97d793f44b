"""The fake shop: what it holds and how that changes. No HTTP and no GraphQL here."""
