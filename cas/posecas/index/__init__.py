"""The index: what exists, who refers to it, and where its bytes are."""
