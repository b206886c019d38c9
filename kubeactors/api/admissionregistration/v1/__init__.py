"""Version 1 of the group of webhooks and policies of admission."""
