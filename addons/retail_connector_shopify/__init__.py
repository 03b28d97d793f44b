from . import models, shopify
