"""The shapes of what the mappers read, as Cerberus schemas. Unknown keys pass; what is missing or of another type is
named with its path, before anything is mapped."""

from decimal import Decimal
from functools import cache

from cerberus import TypeDefinition, Validator

from odoo.addons.retail_integration_base.engine.errors import VendorChanged
from odoo.addons.retail_integration_base.engine.shape import Shape

_AMOUNT = r"-?\d{1,16}(\.\d{1,10})?"
_INSTANT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)"

_TEXT = {"type": "string", "required": True}
_TEXT_OR_NULL = {"type": "string", "required": True, "nullable": True}
_ID = {"type": "string", "required": True, "regex": r"gid://shopify/.+"}
_ID_OR_NULL = dict(_ID, nullable=True)
_FLAG = {"type": "boolean", "required": True}
_COUNT = {"type": "integer", "required": True}
_INSTANT_TEXT = {"type": "string", "required": True, "regex": _INSTANT}
_INSTANT_OR_NULL = dict(_INSTANT_TEXT, nullable=True)
_CURRENCY = {"type": "string", "required": True, "regex": "[A-Z]{3}"}
_TEXTS = {"type": "list", "required": True, "schema": {"type": "string"}}


def _object(schema, **rules):
    return {"type": "dict", "required": True, "schema": schema, **rules}


def _objects(schema):
    return {"type": "list", "required": True, "schema": {"type": "dict", "schema": schema}}


def _connection(schema):
    return _object(
        {
            "nodes": _objects(schema),
            "pageInfo": _object({"hasNextPage": _FLAG, "endCursor": {"type": "string", "nullable": True}}),
        }
    )


MONEY = {"amount": {"type": "string", "required": True, "regex": _AMOUNT}, "currencyCode": _CURRENCY}
_SHOP_BAG = _object({"shopMoney": _object(MONEY)})
_BAG = _object({"shopMoney": _object(MONEY), "presentmentMoney": _object(MONEY)})

_TAXES = _objects(
    {"title": _TEXT, "rate": {"type": "decimal", "required": True, "nullable": True}, "priceSet": _SHOP_BAG}
)
_DISCOUNTS = _objects(
    {
        "allocatedAmountSet": _SHOP_BAG,
        "discountApplication": _object({"title": {"type": "string"}, "code": {"type": "string"}}),
    }
)
_ATTRIBUTES = _objects({"key": _TEXT, "value": _TEXT_OR_NULL})
ADDRESS = dict.fromkeys(
    "name firstName lastName company address1 address2 zip city province provinceCode phone".split(), _TEXT_OR_NULL
)
ADDRESS["countryCodeV2"] = dict(_TEXT_OR_NULL, regex="[A-Z]{2}")
_IDENTITY = {
    "id": _ID,
    "firstName": _TEXT_OR_NULL,
    "lastName": _TEXT_OR_NULL,
    "locale": _TEXT_OR_NULL,
    "note": _TEXT_OR_NULL,
    "tags": _TEXTS,
    "taxExempt": _FLAG,
    "defaultEmailAddress": _object({"emailAddress": _TEXT_OR_NULL}, nullable=True),
    "defaultPhoneNumber": _object({"phoneNumber": _TEXT_OR_NULL}, nullable=True),
}

LINE = {
    "id": _ID,
    "title": _TEXT,
    "variantTitle": _TEXT_OR_NULL,
    "vendor": _TEXT_OR_NULL,
    "sku": _TEXT_OR_NULL,
    "quantity": dict(_COUNT, min=0),
    "currentQuantity": dict(_COUNT, min=0),
    "requiresShipping": _FLAG,
    "isGiftCard": _FLAG,
    "customAttributes": _ATTRIBUTES,
    "variant": _object({"id": _ID, "barcode": _TEXT_OR_NULL}, nullable=True),
    "product": _object({"id": _ID}, nullable=True),
    "originalUnitPriceSet": _SHOP_BAG,
    "discountAllocations": _DISCOUNTS,
    "taxLines": _TAXES,
    "duties": _objects(
        {
            "id": _ID,
            "harmonizedSystemCode": _TEXT_OR_NULL,
            "countryCodeOfOrigin": _TEXT_OR_NULL,
            "price": _SHOP_BAG,
            "taxLines": _TAXES,
        }
    ),
}
SHIPPING_LINE = {
    "id": _ID_OR_NULL,
    "title": _TEXT,
    "code": _TEXT_OR_NULL,
    "source": _TEXT_OR_NULL,
    "carrierIdentifier": _TEXT_OR_NULL,
    "originalPriceSet": _SHOP_BAG,
    "discountAllocations": _DISCOUNTS,
    "taxLines": _TAXES,
}
TRANSACTION = {
    "id": _ID,
    "kind": _TEXT,
    "status": _TEXT,
    "gateway": _TEXT_OR_NULL,
    "formattedGateway": _TEXT_OR_NULL,
    "processedAt": _INSTANT_OR_NULL,
    "amountSet": _SHOP_BAG,
    "parentTransaction": _object({"id": _ID}, nullable=True),
}
_VISIT = _object(
    {
        "referrerUrl": _TEXT_OR_NULL,
        "utmParameters": _object(
            {"source": _TEXT_OR_NULL, "medium": _TEXT_OR_NULL, "campaign": _TEXT_OR_NULL}, nullable=True
        ),
    },
    nullable=True,
)
REFUND_LINE = {
    "quantity": dict(_COUNT, min=0),
    "restockType": _TEXT,
    "location": _object({"id": _ID}, nullable=True),
    "lineItem": _object({"id": _ID, "unfulfilledQuantity": dict(_COUNT, min=0)}),
    "subtotalSet": _SHOP_BAG,
    "totalTaxSet": _SHOP_BAG,
}
REFUND = {
    "id": _ID,
    "duties": dict(
        _objects({"amountSet": _SHOP_BAG, "originalDuty": _object({"id": _ID}, nullable=True)}), nullable=True
    ),
    "refundLineItems": _connection(REFUND_LINE),
    "refundShippingLines": _connection(
        {
            "shippingLine": _object({"id": _ID_OR_NULL}),
            "subtotalAmountSet": _SHOP_BAG,
            "taxAmountSet": _SHOP_BAG,
        }
    ),
}
#: A refund as the mapper takes it, by itself and whole.
WHOLE_REFUND = {
    **REFUND,
    "createdAt": _INSTANT_TEXT,
    "processedAt": _INSTANT_TEXT,
    "updatedAt": _INSTANT_TEXT,
    "note": _TEXT_OR_NULL,
    "return": _object({"id": _ID}, nullable=True),
    "order": _object(
        {"id": _ID, "name": _TEXT, "createdAt": _INSTANT_TEXT, "currencyCode": _CURRENCY, "taxesIncluded": _FLAG}
    ),
    "orderAdjustments": _connection(
        {"id": _ID, "reason": _TEXT_OR_NULL, "amountSet": _SHOP_BAG, "taxAmountSet": _SHOP_BAG}
    ),
    "transactions": _connection({**TRANSACTION, "amountRoundingSet": dict(_SHOP_BAG, nullable=True)}),
}
ORDER = {
    "id": _ID,
    "name": _TEXT,
    "createdAt": _INSTANT_TEXT,
    "processedAt": _INSTANT_TEXT,
    "updatedAt": _INSTANT_TEXT,
    "cancelledAt": _INSTANT_OR_NULL,
    "cancelReason": _TEXT_OR_NULL,
    "closed": _FLAG,
    "test": _FLAG,
    "currencyCode": _CURRENCY,
    "presentmentCurrencyCode": _CURRENCY,
    "taxesIncluded": _FLAG,
    "dutiesIncluded": _FLAG,
    "displayFinancialStatus": _TEXT_OR_NULL,
    "displayFulfillmentStatus": _TEXT_OR_NULL,
    "email": _TEXT_OR_NULL,
    "phone": _TEXT_OR_NULL,
    "customerLocale": _TEXT_OR_NULL,
    "note": _TEXT_OR_NULL,
    "tags": _TEXTS,
    "sourceName": _TEXT_OR_NULL,
    "customAttributes": _ATTRIBUTES,
    "retailLocation": _object({"id": _ID}, nullable=True),
    "app": _object({"name": _TEXT}, nullable=True),
    "customer": _object(_IDENTITY, nullable=True),
    "billingAddress": _object(ADDRESS, nullable=True),
    "shippingAddress": _object(ADDRESS, nullable=True),
    "customerJourneySummary": _object({"firstVisit": _VISIT, "lastVisit": _VISIT}, nullable=True),
    "currentTotalPriceSet": _BAG,
    "currentSubtotalPriceSet": _SHOP_BAG,
    "currentTotalDiscountsSet": _SHOP_BAG,
    "currentShippingPriceSet": _SHOP_BAG,
    "currentTotalTaxSet": _SHOP_BAG,
    "currentTotalDutiesSet": dict(_SHOP_BAG, nullable=True),
    "totalTipReceivedSet": _SHOP_BAG,
    "totalCashRoundingAdjustment": _object({"paymentSet": _BAG, "refundSet": _BAG}),
    "additionalFees": _objects({"id": _ID, "name": _TEXT, "price": _SHOP_BAG, "taxLines": _TAXES}),
    "lineItems": _connection(LINE),
    "shippingLines": _connection(SHIPPING_LINE),
    "transactions": _objects(TRANSACTION),
    "transactionsCount": _object({"count": _COUNT}, nullable=True),
    "refunds": _objects({"id": _ID}),
}
#: An order as the mapper takes it: all pages fetched, refunds with their lines.
FULL_ORDER = dict(ORDER, refunds=_objects(REFUND))

_SAVED_ADDRESS = {"id": _ID, **ADDRESS}
CUSTOMER = {
    **_IDENTITY,
    "createdAt": _INSTANT_TEXT,
    "updatedAt": _INSTANT_TEXT,
    "defaultAddress": _object(_SAVED_ADDRESS, nullable=True),
    "addressesV2": _connection(_SAVED_ADDRESS),
}
_PRICE = {"type": "string", "required": True, "regex": _AMOUNT}
PRODUCT = {
    "id": _ID,
    "title": _TEXT,
    "descriptionHtml": _TEXT_OR_NULL,
    "vendor": _TEXT_OR_NULL,
    "productType": _TEXT_OR_NULL,
    "status": _TEXT,
    "tags": _TEXTS,
    "updatedAt": _INSTANT_TEXT,
    "variants": _connection(
        {
            "id": _ID,
            "title": _TEXT_OR_NULL,
            "sku": _TEXT_OR_NULL,
            "barcode": _TEXT_OR_NULL,
            "price": _PRICE,
            "compareAtPrice": dict(_PRICE, nullable=True),
            "taxable": _FLAG,
            "selectedOptions": _objects({"name": _TEXT, "value": _TEXT}),
            "inventoryItem": _object(
                {
                    "id": _ID,
                    "requiresShipping": _FLAG,
                    "unitCost": _object(MONEY, nullable=True),
                    "measurement": _object(
                        {
                            "weight": _object(
                                {"unit": _TEXT, "value": {"type": "decimal", "required": True}}, nullable=True
                            )
                        }
                    ),
                }
            ),
        }
    ),
}
CHANGED = {"id": _ID, "updatedAt": _INSTANT_TEXT}
#: What a line of a bulk operation's file says of an order at least.
EXPORTED = {
    **CHANGED,
    "closed": _FLAG,
    "cancelledAt": _INSTANT_OR_NULL,
    "displayFulfillmentStatus": _TEXT_OR_NULL,
}

_SHIPPED = {
    "id": _ID,
    "name": _TEXT_OR_NULL,
    "status": _TEXT,
    "displayStatus": _TEXT_OR_NULL,
    "createdAt": _INSTANT_TEXT,
    "updatedAt": _INSTANT_TEXT,
    "deliveredAt": _INSTANT_OR_NULL,
    "location": _object({"id": _ID}, nullable=True),
    "service": _object({"serviceName": _TEXT_OR_NULL, "type": _TEXT}, nullable=True),
    "trackingInfo": _objects({"company": _TEXT_OR_NULL, "number": _TEXT_OR_NULL, "url": _TEXT_OR_NULL}),
    "fulfillmentLineItems": _connection(
        {"id": _ID, "quantity": dict(_COUNT, nullable=True), "lineItem": _object({"id": _ID})}
    ),
}
FULFILMENT = dict(_SHIPPED, order=_object({"id": _ID, "createdAt": _INSTANT_TEXT}))
SHIPPED_ORDER = {
    "id": _ID,
    "name": _TEXT,
    "cancelledAt": _INSTANT_OR_NULL,
    "fulfillmentsCount": _object({"count": _COUNT}, nullable=True),
    "fulfillments": _objects(_SHIPPED),
}
REFUNDABLE = {
    "id": _ID,
    "name": _TEXT,
    "currencyCode": _CURRENCY,
    "presentmentCurrencyCode": _CURRENCY,
    "refunds": _objects({"id": _ID, "note": _TEXT_OR_NULL, "totalRefundedSet": _SHOP_BAG}),
    "transactions": _objects(TRANSACTION),
}
RETURN = {
    "id": _ID,
    "name": _TEXT,
    "status": _TEXT,
    "createdAt": _INSTANT_TEXT,
    "order": _object({"id": _ID, "name": _TEXT, "createdAt": _INSTANT_TEXT, "updatedAt": _INSTANT_TEXT}),
    # A line without a fulfilment is of a kind that is not read here.
    "returnLineItems": _connection(
        {
            "quantity": {"type": "integer"},
            "fulfillmentLineItem": {"type": "dict", "schema": {"lineItem": _object({"id": _ID})}},
        }
    ),
    "reverseFulfillmentOrders": _connection(
        {
            "id": _ID,
            "lineItems": _connection(
                {
                    "fulfillmentLineItem": _object({"lineItem": _object({"id": _ID})}, nullable=True),
                    "dispositions": _objects(
                        {"id": _ID, "type": _TEXT, "quantity": _COUNT, "location": _object({"id": _ID}, nullable=True)}
                    ),
                }
            ),
        }
    ),
}
FULFILMENT_ORDER = {
    "id": _ID,
    "status": _TEXT,
    "fulfillAt": _INSTANT_OR_NULL,
    "updatedAt": _INSTANT_TEXT,
    "assignedLocation": _object({"name": _TEXT, "location": _object({"id": _ID}, nullable=True)}),
    "supportedActions": _objects({"action": _TEXT}),
    "fulfillmentHolds": _objects({"id": _ID, "displayReason": _TEXT, "reasonNotes": _TEXT_OR_NULL}),
    "lineItems": _connection({"id": _ID, "remainingQuantity": _COUNT, "lineItem": _object({"id": _ID})}),
}


# The client parses numbers with a point as Decimal and the others as int.
_DECIMALS = (Decimal, int)


class _ShapeValidator(Validator):
    types_mapping = {**Validator.types_mapping, "decimal": TypeDefinition("decimal", _DECIMALS, (bool,))}


@cache
def _shape(name):
    return Shape(globals()[name], allow_unknown=True, validator=_ShapeValidator, types={"decimal": _DECIMALS})


def check(node, name):
    """Check a node of Shopify's answer against the shape ``name`` (a dict of this module).

    :raises VendorChanged: with one difference per path
    """
    differences = _shape(name).differences(node)
    if differences:
        raise VendorChanged(
            "Shopify's %s %s is not of the shape we read: %s."
            % (name.lower(), node.get("id"), "; ".join(differences[:5])),
            differences=differences,
            evidence={"external_id": node.get("id")},
        )
