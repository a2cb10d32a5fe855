"""Races over HTTP against several server processes, each with a control that must break when its guard is off."""
