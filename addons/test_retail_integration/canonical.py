"""``note.v1``: a text under an id."""

from odoo.addons.retail_integration_base.canonical import registry
from odoo.addons.retail_integration_base.canonical import types as t

registry.register("note", 1, {**t.header("note", 1), "text": t.required(t.STRING)})
