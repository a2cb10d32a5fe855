"""People and their ways in, the patients they care for, their sessions, and the limits that guard them."""
