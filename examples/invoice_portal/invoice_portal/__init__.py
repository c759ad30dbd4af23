"""Collects the invoices of a supplier's portal, with Skyvern as the one who clicks."""
