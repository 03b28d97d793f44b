from . import shopify_version_switch
