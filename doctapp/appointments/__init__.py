"""Appointments: holding a place, requesting it, deciding, cancelling, and what time does to them."""
