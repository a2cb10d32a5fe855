"""Tools for work in the background: they know RQ and know no room."""
