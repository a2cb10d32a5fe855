"""Tools for doors: they know HTTP and know no room."""
