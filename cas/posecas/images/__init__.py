"""Images: are these bytes one, is it safe to decode, and what is made from it."""
