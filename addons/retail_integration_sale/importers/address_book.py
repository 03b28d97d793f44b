"""Finds or makes the contacts an order is billed and shipped to."""

from odoo import models

from .addresses import PLACE_FIELDS, place_key, plain, same_phone

_FIELDS = ["name", "company_name", "parent_id", "type", "phone", *PLACE_FIELDS]


class RetailAddressBook(models.AbstractModel):
    """An order is shipped to the address on the order, never to a default of its customer.

    An address equal to the customer's own is the customer; one equal to a known child contact is that; else it
    becomes a child contact of type *invoice* or *delivery*.
    """

    _name = "retail.address.book"
    _description = "Address book"

    def _resolve(self, works):
        """Set ``invoice_partner`` and ``shipping_partner`` of ``works``, whose ``partner`` is known."""
        shelves = self._load([work.partner for work in works])
        self._choose(self._get_wanted(works), shelves)

    def _find_lacking(self, works):
        """Return the customers of ``works`` who have not all of their addresses yet. Nothing is written."""
        if not works:
            return self.env["res.partner"]
        shelves = self._load([work.partner for work in works])
        return self.env["res.partner"].union(
            *(
                work.partner
                for work, _attribute, _kind, values in self._get_wanted(works)
                if self._find(work.partner, shelves[work.partner.id], values) is None
            )
        )

    def _get_wanted(self, works):
        """Return (work, attribute, kind, values) of each address; where there is none, it is the customer's own."""
        places = self._load_places(
            [work.document.get(key) for work in works for key in ("billing_address", "shipping_address")]
        )
        wanted = []
        for work in works:
            for key, kind, attribute in (
                ("shipping_address", "delivery", "shipping_partner"),
                ("billing_address", "invoice", "invoice_partner"),
            ):
                address = work.document.get(key)
                values = self._get_values(address, places) if address else {}
                if not place_key(values) and not plain(values.get("name")):
                    setattr(work, attribute, work.partner)
                    continue
                wanted.append((work, attribute, kind, values))
        return wanted

    def _choose(self, wanted, shelves):
        """Give each wanted address its contact; those that are missing are created in one batch."""
        model = self.env["res.partner"]
        planned, open_choices = [], []
        for work, attribute, kind, values in wanted:
            shelf = shelves.setdefault(work.partner.id, [])
            contact = self._find(work.partner, shelf, values)
            if contact is None:
                contact = len(planned)
                owner = {"type": kind, "parent_id": work.partner.id, "company_id": work.partner.company_id.id}
                planned.append({"name": work.partner.name, **values, **owner})
                shelf.append((planned[-1], contact))
            open_choices.append((work, attribute, contact))
        created = model.create(planned)
        for work, attribute, contact in open_choices:
            setattr(work, attribute, created[contact] if isinstance(contact, int) else contact)

    def _find(self, partner, shelf, values):
        """Return the contact with this address: the partner, a child, an index of a planned one, or ``None``."""
        place, name = place_key(values), plain(values.get("name") or partner.name)
        for known, contact in shelf:
            names = {plain(known.get("name")), plain("%s, %s" % (known.get("company_name"), known.get("name")))}
            phones = known.get("phone"), values.get("phone")
            # Customers have a phone of their own, besides the one for the parcel; two addresses of one are told apart.
            is_other_phone = contact is not shelf[0][1] and all(phones) and not same_phone(*phones)
            if place_key(known) == place and name in names and not is_other_phone:
                return contact
        return None

    def _load(self, partners):
        """Return dict partner id → list of (values, contact): the partner first, then its addresses."""
        ids = list({partner.id for partner in partners})
        model = self.env["res.partner"]
        model.browse(ids).fetch(_FIELDS)
        children = model.search_fetch(
            [("parent_id", "in", ids), ("type", "in", ("invoice", "delivery", "other"))], _FIELDS, order="id"
        )
        shelves = {partner.id: [(self._read(partner), partner)] for partner in model.browse(ids)}
        for child in children:
            shelves[child.parent_id.id].append((self._read(child), child))
        return shelves

    def _read(self, partner):
        values = {
            field: partner[field] for field in ("name", "company_name", "phone", "street", "street2", "zip", "city")
        }
        return {**values, "state_id": partner.state_id.id, "country_id": partner.country_id.id}

    # ---------------------------------------------------------------- canonical address → Odoo values

    def _load_places(self, addresses):
        """Return the countries and regions that ``addresses`` name: two searches for all of them."""
        codes = {address["country"] for address in addresses if address and address.get("country")}
        countries = {
            country.code: country
            for country in self.env["res.country"].search_fetch([("code", "in", sorted(codes))], ["code"])
        }
        states = {}
        if any(address and (address.get("region_code") or address.get("region_name")) for address in addresses):
            ids = [country.id for country in countries.values()]
            for state in self.env["res.country.state"].search_fetch(
                [("country_id", "in", ids)], ["code", "name", "country_id"]
            ):
                states[(state.country_id.id, "code", state.code.casefold())] = state.id
                states[(state.country_id.id, "name", state.name.casefold())] = state.id
        return countries, states

    def _get_values(self, address, places):
        """Return the values of ``res.partner`` for a canonical address, only those it has.

        :param tuple places: from :meth:`_load_places`
        """
        countries, states = places
        country = countries.get(address.get("country"))
        state_id = None
        if country:
            code, name = (address.get("region_code") or "").casefold(), (address.get("region_name") or "").casefold()
            state_id = (
                states.get((country.id, "code", code))
                or states.get((country.id, "name", name))
                # Some channels write the name where the code belongs.
                or states.get((country.id, "name", code))
            )
        values = {
            "name": self._get_name(address),
            "street": address.get("street"),
            "street2": address.get("street2"),
            "zip": address.get("postal_code"),
            "city": address.get("city"),
            "state_id": state_id,
            "country_id": country.id if country else None,
            "phone": address.get("phone"),
        }
        return {key: value.strip() if isinstance(value, str) else value for key, value in values.items() if value}

    def _get_name(self, address):
        """Return who receives what is sent there. The company belongs on the label."""
        name, company = (address.get("name") or "").strip(), (address.get("company_name") or "").strip()
        return ", ".join(part for part in (company, name) if part)
