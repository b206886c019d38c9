"""The core group, whose name is empty."""
