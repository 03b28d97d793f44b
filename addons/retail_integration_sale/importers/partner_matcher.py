"""Finds the contact who buys: by link, then e-mail; makes one where there is none."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from odoo import models, tools
from odoo.fields import Command

from odoo.addons.retail_integration_base.engine.errors import NeedsHuman

from .addresses import PLACE_FIELDS, place_key, plain, same_phone

#: Only ever filled where they are empty
_ENRICHED = ("name", "email", "phone", "vat", "lang", "comment", "company_name")
_FIELDS = [*_ENRICHED, "email_normalized", "is_company", "parent_id", "company_id", *PLACE_FIELDS]


@dataclass
class Identity:
    """What a document says of who buys."""

    #: as people would name the document: "Order #1042"
    subject: str
    #: what the contact is called if nothing else is known
    placeholder: str
    external_id: str | None
    customer: dict
    address: dict = field(default_factory=dict)
    email: str = ""
    phone: str = ""
    amount: tuple | None = None
    partner: Any = None
    error: Exception | None = None

    @property
    def keys(self):
        """Binding ids that may know the contact: the channel's customer id, or what a person chose for a guest."""
        email = ["email:%s" % self.email] if self.email else []
        return [self.external_id, *email] if self.external_id else email

    @property
    def own_key(self):
        """The binding id under which a choice for this identity is remembered, or ``None``."""
        return self.external_id or (("email:%s" % self.email) if self.email else None)


def clean_email(text):
    """Return an e-mail address in lower case without the space around it; ``""`` if it is none."""
    return tools.email_normalize(text or "", strict=False) or ""


class RetailPartnerMatcher(models.AbstractModel):
    """Rules, in this order:

    1. a customer linked to a contact is that contact;
    2. else the one contact (not an address of another, of this company or shared) with the customer's e-mail;
       among several, the one with the same phone number; several left: a person decides;
    3. else a new contact. A guest gets one of their own: never one shared by all guests.

    A contact found is enriched where it is empty, never overwritten; a company stays a company. One who can log in is
    left alone: Odoo lets only administrators write on employees, and their own data are not a shop's to fill.
    """

    _name = "retail.partner.matcher"
    _description = "Partner matcher"

    def _resolve(self, backend, identities):
        """Set ``partner`` or ``error`` of each identity. Two of one customer get one contact."""
        bindings = self._find_bindings(backend, identities)
        by_email = self._find_by_email(backend, identities)
        self._load_places(identities)
        planned, waiting, links = [], {}, {}
        for identity in identities:
            known = next((bindings[key] for key in identity.keys if key in bindings), None)
            same = links.get(identity.external_id) if identity.external_id else None
            if known or same:
                identity.partner = known if known else same.partner
                continue
            candidates = self._narrow(by_email[identity.email], identity) if identity.email else None
            if candidates and len(candidates) > 1:
                identity.error = self._ambiguous(identity, candidates)
                continue
            if candidates:
                identity.partner = candidates
            else:
                identity.partner = self._plan(identity, planned, waiting)
            if identity.external_id:
                links.setdefault(identity.external_id, identity)
        created = self.env["res.partner"].with_context(no_vat_validation=True).create(planned)
        for identity in identities:
            if isinstance(identity.partner, int):
                identity.partner = created[identity.partner]
            elif identity.partner:
                self._enrich(identity)
        self.env["retail.binding.partner"].create(
            [
                {"backend_id": backend.id, "external_id": external_id, "partner_id": identity.partner.id}
                for external_id, identity in links.items()
            ]
        )

    def _get_unknown_names(self, backend, identities):
        """Return what two batches at the same time must not both make: the customers and e-mails nobody has yet."""
        bound = self.env["retail.binding.partner"]._find_by_external(
            backend, [key for identity in identities for key in identity.keys]
        )
        unbound = [identity for identity in identities if not any(key in bound for key in identity.keys)]
        by_email = self._find_by_email(backend, unbound)
        names = {"customer:%s" % identity.external_id for identity in unbound if identity.external_id}
        return names | {
            "email:%s" % identity.email for identity in unbound if identity.email and not by_email[identity.email]
        }

    def _find_known(self, backend, identities):
        """Return for each identity the contact it is as far as one can tell without making any; empty if none."""
        bindings = self._find_bindings(backend, identities)
        by_email = self._find_by_email(backend, identities)
        found = []
        for identity in identities:
            partner = next((bindings[key] for key in identity.keys if key in bindings), None)
            if not partner:
                partner = self._narrow(by_email[identity.email], identity) if identity.email else None
            found.append(partner if partner and len(partner) == 1 else self.env["res.partner"])
        return found

    def _find_bindings(self, backend, identities):
        keys = [key for identity in identities for key in identity.keys]
        bindings = self.env["retail.binding.partner"]._find_by_external(backend, keys)
        partners = self.env["res.partner"].browse({binding.partner_id.id for binding in bindings.values()})
        partners.fetch(_FIELDS)
        return {key: binding.partner_id for key, binding in bindings.items()}

    def _find_by_email(self, backend, identities):
        emails = sorted({identity.email for identity in identities} - {""})
        found = defaultdict(lambda: self.env["res.partner"])
        if emails:
            domain = [
                ("email_normalized", "in", emails),
                ("parent_id", "=", False),
                ("company_id", "in", [False, backend.company_id.id]),
            ]
            for partner in self.env["res.partner"].search_fetch(domain, _FIELDS, order="id"):
                found[partner.email_normalized] |= partner
        return found

    def _narrow(self, candidates, identity):
        if len(candidates) < 2:
            return candidates
        return candidates.filtered(lambda partner: same_phone(partner.phone, identity.phone)) or candidates

    def _plan(self, identity, planned, waiting):
        """Return the index of the contact to create for ``identity``; one per customer and per e-mail of the batch."""
        for key in identity.keys:
            if key in waiting:
                index = waiting[key]
                self._fill(planned[index], self._get_values(identity))
                break
        else:
            index = len(planned)
            planned.append(self._get_create_values(identity))
        for key in identity.keys:
            waiting.setdefault(key, index)
        return index

    def _ambiguous(self, identity, candidates):
        return NeedsHuman(
            self.env._(
                "%(subject)s is from %(email)s, which several contacts have: %(names)s. Choose one, or merge them.",
                subject=identity.subject,
                email=identity.email,
                names=", ".join(candidates.mapped("display_name")),
            ),
            kind="customer_ambiguous",
            cause_key="email:%s" % identity.email,
            cause_title=self.env._("Several contacts have the e-mail address of one customer"),
            amount=identity.amount,
            facts={
                "partner_key": identity.own_key,
                "email": identity.email,
                "candidate_ids": candidates.ids,
                "name": identity.customer.get("name"),
            },
        )

    # ---------------------------------------------------------------- values

    def _load_places(self, identities):
        book = self.env["retail.address.book"]
        places = book._load_places([identity.address for identity in identities])
        for identity in identities:
            identity.address = book._get_values(identity.address, places) if identity.address else {}

    def _get_create_values(self, identity):
        values = self._get_values(identity)
        values.setdefault("name", self._get_fallback_name(identity))
        # Only a company's name is known: then that is who buys.
        if not self._get_name(identity) and identity.customer.get("company_name"):
            values.update(is_company=True, company_name=False)
        return values

    def _get_values(self, identity):
        """Return the values of ``res.partner`` that the channel knows, without empty ones."""
        customer = identity.customer
        values = {
            "name": self._get_name(identity),
            "email": identity.email,
            "phone": identity.phone or identity.address.get("phone"),
            "vat": (customer.get("vat") or "").strip(),
            "lang": self._get_language(customer.get("language")),
            "company_name": (customer.get("company_name") or "").strip(),
            **{key: identity.address.get(key) for key in PLACE_FIELDS},
        }
        categories = self._find_categories(customer.get("tags") or [])
        if categories:
            values["category_id"] = [Command.link(category_id) for category_id in categories]
        return {key: value for key, value in values.items() if value}

    def _get_name(self, identity):
        customer = identity.customer
        parts = (customer.get("first_name"), customer.get("last_name"))
        return (customer.get("name") or " ".join(part for part in parts if part)).strip()

    def _get_fallback_name(self, identity):
        return (
            self._get_name(identity)
            or (identity.customer.get("company_name") or "").strip()
            or identity.address.get("name")
            or identity.email
            or identity.phone
            or identity.placeholder
        )

    def _get_language(self, code):
        """Return the installed language for ``de`` or ``de-AT``, or ``False``."""
        if not code:
            return False
        code = code.replace("-", "_")
        installed = [language for language, _name in self.env["res.lang"].get_installed()]
        short = code.partition("_")[0]
        return next(
            (language for language in installed if language == code),
            next((language for language in installed if language.partition("_")[0] == short), False),
        )

    def _find_categories(self, names):
        names = sorted({name.strip() for name in names if name.strip()})
        if not names:
            return []
        model = self.env["res.partner.category"]
        found = {category.name: category.id for category in model.search([("name", "in", names)])}
        missing = [name for name in names if name not in found]
        return [*found.values(), *model.create([{"name": name} for name in missing]).ids]

    def _enrich(self, identity):
        """Fill what is empty on the contact that was found. The channel never overwrites what Odoo has."""
        partner = identity.partner
        # As superuser only to look: the service user reads no users. Archived ones come back.
        if partner.sudo().with_context(active_test=False).user_ids or partner.retail_redacted_at:
            return
        known = {name: partner[name] for name in _ENRICHED}
        if plain(partner.name) == plain(identity.placeholder):
            known["name"] = False  # a name we made up ourselves is no name
        known["category_id"] = False
        if partner.is_company or partner.parent_id:
            known["company_name"] = partner.name
        if place_key({name: partner._fields[name].convert_to_write(partner[name], partner) for name in PLACE_FIELDS}):
            # An address is taken whole or not at all: half of one and half of another leads nowhere.
            known.update(dict.fromkeys(PLACE_FIELDS, True))
        else:
            known.update(dict.fromkeys(PLACE_FIELDS, False))
        values = {name: value for name, value in self._get_values(identity).items() if not known.get(name)}
        own = set(partner.category_id.ids)
        if "category_id" in values:
            values["category_id"] = [command for command in values["category_id"] if command[1] not in own]
            if not values["category_id"]:
                del values["category_id"]
        if values:
            partner.with_context(no_vat_validation=True).write(values)

    def _fill(self, values, more):
        for name, value in more.items():
            values.setdefault(name, value)
