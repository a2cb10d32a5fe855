"""Doctors: their profile, specialties, and chambers with fees."""
