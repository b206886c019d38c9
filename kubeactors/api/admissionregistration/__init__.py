"""The group of webhooks and policies of admission."""
