"""Clinics, the areas they are in, and their staff."""
