"""Tax rates by destination: ``country: (prices include tax, standard rates, reduced rates)``."""

from decimal import Decimal

from .catalog import REDUCED_RATE_TYPES


def _rates(*pairs):
    return tuple((title, Decimal(rate)) for title, rate in pairs)


RATES = {
    "DE": (True, _rates(("DE VAT", "0.19")), _rates(("DE VAT", "0.07"))),
    "FR": (True, _rates(("FR TVA", "0.2")), _rates(("FR TVA", "0.055"))),
    "NL": (True, _rates(("NL BTW", "0.21")), _rates(("NL BTW", "0.09"))),
    "IT": (True, _rates(("IT IVA", "0.22")), _rates(("IT IVA", "0.1"))),
    "ES": (True, _rates(("ES IVA", "0.21")), _rates(("ES IVA", "0.1"))),
    "AT": (True, _rates(("AT USt", "0.2")), _rates(("AT USt", "0.1"))),
    "GB": (True, _rates(("GB VAT", "0.2")), _rates()),
    "US": (
        False,
        _rates(("California State Tax", "0.06"), ("Alameda County Tax", "0.0025"), ("Oakland Special Tax", "0.04")),
        _rates(),
    ),
    "CA": (False, _rates(("GST", "0.05"), ("QST", "0.09975")), _rates(("GST", "0.05"))),
    "CH": (False, _rates(), _rates()),
    "JP": (False, _rates(), _rates()),
}


def includes_tax(country):
    return RATES[country][0]


def for_goods(country, product_type):
    """Rates of goods of ``product_type`` sent to ``country``.

    :return: tuple of ``(title, Decimal fraction)``
    """
    _included, standard, reduced = RATES[country]
    return reduced if product_type in REDUCED_RATE_TYPES else standard


def for_shipping(country):
    included, standard, _reduced = RATES[country]
    # Carriage is taxed with the goods in Europe and not taxed by the American states and provinces served here
    return standard if included else ()
