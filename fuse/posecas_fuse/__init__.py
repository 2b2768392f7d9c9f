"""The directory view of a store, mounted."""
