from . import models, shopify, wizards
