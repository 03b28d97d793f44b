"""Pure rules of settlement accounting. No Odoo, no database."""
