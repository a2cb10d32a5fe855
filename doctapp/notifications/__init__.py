"""Telling people: a notification row per person and event, and letters, the outbox of mail and SMS."""
