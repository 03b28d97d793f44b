"""The shop itself and the app installation."""

from zoneinfo import ZoneInfo

from .. import schemas
from .registry import resolver


@resolver("QueryRoot", "shop")
def shop(_root, context, _args):
    settings = context.shop.settings
    now = context.shop.clock.now().astimezone(ZoneInfo(settings.timezone))
    minutes = int(now.utcoffset().total_seconds() // 60)
    url = f"https://{settings.domain}"
    plan = {
        "__typename": "ShopPlan",
        "publicDisplayName": settings.plan,
        "displayName": settings.plan,
        "partnerDevelopment": False,
        "shopifyPlus": settings.plan == "Shopify Plus",
    }
    return {
        "__typename": "Shop",
        "id": "gid://shopify/Shop/64215321",
        "name": settings.name,
        "myshopifyDomain": settings.domain,
        "url": url,
        "primaryDomain": {
            "__typename": "Domain",
            "id": "gid://shopify/Domain/81231",
            "host": settings.domain,
            "sslEnabled": True,
            "url": url,
            "localization": None,
        },
        "currencyCode": settings.currency,
        "enabledPresentmentCurrencies": ["EUR", "USD", "GBP", "JPY", "CHF"],
        "currencyFormats": {
            "__typename": "CurrencyFormats",
            "moneyFormat": "€{{amount}}",
            "moneyInEmailsFormat": "€{{amount}}",
            "moneyWithCurrencyFormat": "€{{amount}} EUR",
            "moneyWithCurrencyInEmailsFormat": "€{{amount}} EUR",
        },
        "plan": plan,
        "taxesIncluded": settings.taxes_included,
        "taxShipping": True,
        "ianaTimezone": settings.timezone,
        "timezoneAbbreviation": now.tzname(),
        "timezoneOffset": now.strftime("%z"),
        "timezoneOffsetMinutes": minutes,
        "email": "owner@harbour-vale.example",
        "contactEmail": "hello@harbour-vale.example",
        "shopOwnerName": "Wilma Vale",
        "description": None,
        "createdAt": context.shop.clock.start.replace(year=2021, day=1),
        "updatedAt": context.shop.clock.start,
        "unitSystem": "METRIC_SYSTEM",
        "weightUnit": "KILOGRAMS",
        "setupRequired": False,
        "checkoutApiSupported": True,
        "customerAccounts": "OPTIONAL",
        "marketingSmsConsentEnabledAtCheckout": False,
        "transactionalSmsDisabled": False,
        "richTextEditorUrl": f"{url}/admin/rte",
        "orderNumberFormatPrefix": "#",
        "orderNumberFormatSuffix": "",
        "shipsToCountries": ["DE", "FR", "NL", "IT", "ES", "AT", "GB", "US", "CA", "CH", "JP"],
        "shopAddress": _address(settings),
        "billingAddress": _address(settings),
    }


def _address(settings):
    return {
        "__typename": "ShopAddress",
        "id": "gid://shopify/ShopAddress/64215321",
        "address1": "Am Kai 1",
        "address2": None,
        "city": "Hamburg",
        "company": settings.name,
        "coordinatesValidated": False,
        "country": "Germany",
        "countryCodeV2": "DE",
        "formatted": ["Am Kai 1", "20457 Hamburg", "Germany"],
        "formattedArea": "Hamburg, Germany",
        "latitude": None,
        "longitude": None,
        "phone": "+49405550100",
        "province": None,
        "provinceCode": None,
        "zip": "20457",
    }


@resolver("QueryRoot", "currentAppInstallation", "appInstallation")
def current_app_installation(_root, context, _args):
    scopes = sorted(context.app.scopes)
    handles = [
        {"__typename": "AccessScope", "handle": scope, "description": scope.replace("_", " ")} for scope in scopes
    ]
    app = {
        "__typename": "App",
        "id": "gid://shopify/App/4411223",
        "apiKey": context.app.client_id,
        "title": context.app.title,
        "handle": "retail-integration",
        "embedded": False,
        "developerName": "Harbour & Vale",
        "webhookApiVersion": context.version.name,
        "requestedAccessScopes": handles,
        "availableAccessScopes": handles,
        "optionalAccessScopes": [],
    }
    return {
        "__typename": "AppInstallation",
        "id": "gid://shopify/AppInstallation/551177",
        "accessScopes": handles,
        "app": app,
        "launchUrl": f"https://{context.shop.settings.domain}/admin/apps/retail-integration",
        "uninstallUrl": None,
        "activeSubscriptions": [],
    }


@resolver("QueryRoot", "publicApiVersions")
def public_api_versions(_root, _context, _args):
    return [api_version(name) for name in schemas.SUPPORTED]


def api_version(name):
    return {"__typename": "ApiVersion", "handle": name, "displayName": name, "supported": True}
