"""The JSON of Stripe's objects, complete by the official SDK's annotations: every required field is there."""

_EVIDENCE = """
access_activity_log billing_address cancellation_policy cancellation_policy_disclosure cancellation_rebuttal
customer_communication customer_email_address customer_name customer_purchase_ip customer_signature
duplicate_charge_documentation duplicate_charge_explanation duplicate_charge_id product_description receipt
refund_policy refund_policy_disclosure refund_refusal_explanation service_date service_documentation
shipping_address shipping_carrier shipping_date shipping_documentation shipping_tracking_number
uncategorized_file uncategorized_text
""".split()

#: balance transaction type → reporting category, where they differ. Source: Stripe, "Reporting categories".
CATEGORIES = {
    "payment": "charge",
    "payment_refund": "refund",
    "payment_failure_refund": "charge_failure",
    "stripe_fee": "fee",
    "stripe_fx_fee": "fee",
    "tax_fee": "tax",
    "payout_cancel": "payout_reversal",
    "payout_failure": "payout_reversal",
    "reserve_hold": "risk_reserved_funds",
    "reserve_release": "risk_reserved_funds",
    "reserve_transaction": "connect_reserved_funds",
    "reserved_funds": "risk_reserved_funds",
    "application_fee": "platform_earning",
    "application_fee_refund": "platform_earning_refund",
    "transfer_cancel": "transfer_reversal",
    "transfer_failure": "transfer_reversal",
    "transfer_refund": "transfer_reversal",
}


def balance_transaction(values, fee_details):
    """:param dict values: id, amount, currency, created, available_on, type, source, description, exchange_rate…"""
    fee = sum(detail["amount"] for detail in fee_details)
    return {
        "object": "balance_transaction",
        "balance_type": "payments",
        "description": None,
        "exchange_rate": None,
        "source": None,
        "status": "pending",
        "fee": fee,
        "fee_details": fee_details,
        "net": values["amount"] - fee,
        "reporting_category": CATEGORIES.get(values["type"], values["type"]),
        **values,
    }


def fee_detail(amount, currency, kind, description):
    return {"amount": amount, "application": None, "currency": currency, "description": description, "type": kind}


def charge(values):
    return {
        "object": "charge",
        "amount_captured": 0,
        "amount_refunded": 0,
        "application": None,
        "application_fee": None,
        "application_fee_amount": None,
        "balance_transaction": None,
        "billing_details": {"address": None, "email": None, "name": None, "phone": None, "tax_id": None},
        "calculated_statement_descriptor": "HARBOUR & VALE",
        "captured": False,
        "customer": None,
        "description": None,
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "fraud_details": {},
        "metadata": {},
        "on_behalf_of": None,
        "outcome": {
            "advice_code": None,
            "network_advice_code": None,
            "network_decline_code": None,
            "network_status": "approved_by_network",
            "reason": None,
            "risk_level": "normal",
            "risk_score": 7,
            "seller_message": "Payment complete.",
            "type": "authorized",
        },
        "paid": True,
        "payment_intent": None,
        "payment_method": "pm_card_visa",
        "payment_method_details": {
            "card": {
                "amount_authorized": values["amount"],
                "brand": "visa",
                "country": "DE",
                "exp_month": 12,
                "exp_year": 2030,
                "fingerprint": "simulated",
                "funding": "credit",
                "last4": "4242",
                "network": "visa",
            },
            "type": "card",
        },
        "receipt_email": None,
        "receipt_number": None,
        "receipt_url": None,
        "refunded": False,
        "review": None,
        "shipping": None,
        "source": None,
        "source_transfer": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": "succeeded",
        "transfer_data": None,
        "transfer_group": None,
        **values,
    }


def payment_intent(values):
    return {
        "object": "payment_intent",
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "application": None,
        "application_fee_amount": None,
        "automatic_payment_methods": None,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": "automatic_async",
        "client_secret": values["id"] + "_secret_simulated",
        "confirmation_method": "automatic",
        "customer": None,
        "description": None,
        "last_payment_error": None,
        "latest_charge": None,
        "metadata": {},
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_options": {},
        "payment_method_types": ["card"],
        "processing": None,
        "receipt_email": None,
        "review": None,
        "setup_future_usage": None,
        "shipping": None,
        "source": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": "requires_payment_method",
        "transfer_data": None,
        "transfer_group": None,
        **values,
    }


def refund(values):
    return {
        "object": "refund",
        "balance_transaction": None,
        "destination_details": {"card": {"reference_status": "pending", "type": "refund"}, "type": "card"},
        "metadata": {},
        "payment_intent": None,
        "reason": None,
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "succeeded",
        "transfer_reversal": None,
        **values,
    }


def dispute(values, due_by):
    return {
        "object": "dispute",
        "balance_transactions": [],
        "enhanced_eligibility_types": [],
        "evidence": {**dict.fromkeys(_EVIDENCE), "enhanced_evidence": {}},
        "evidence_details": {
            "due_by": due_by,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
            "submission_method": "not_submitted",
        },
        "is_charge_refundable": False,
        "metadata": {},
        "payment_method_details": {
            "card": {"brand": "visa", "case_type": "chargeback", "network": "visa", "network_reason_code": "10.4"},
            "type": "card",
        },
        "reason": "fraudulent",
        "status": "needs_response",
        **values,
    }


def payout(values):
    return {
        "object": "payout",
        "application_fee": None,
        "application_fee_amount": None,
        "automatic": True,
        "balance_transaction": None,
        "description": "STRIPE PAYOUT",
        "destination": "ba_simulated",
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "metadata": {},
        "method": "standard",
        "original_payout": None,
        "payout_method": None,
        "reconciliation_status": "completed",
        "reversed_by": None,
        "source_type": "card",
        "statement_descriptor": None,
        "status": "in_transit",
        "trace_id": {"status": "pending", "value": None},
        "type": "bank_account",
        **values,
    }


def webhook_endpoint(values):
    return {
        "object": "webhook_endpoint",
        "application": None,
        "description": None,
        "metadata": {},
        "status": "enabled",
        **values,
    }


def event(values, obj, api_version, previous=None):
    data = {"object": obj}
    if previous:
        data["previous_attributes"] = previous
    return {
        "object": "event",
        "api_version": api_version,
        "data": data,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        **values,
    }
