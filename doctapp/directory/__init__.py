"""Search over doctors, free places and ratings; the doctor's public page."""
