"""Weekly hours, leave, and the sittings made from them for the next sixty days."""
