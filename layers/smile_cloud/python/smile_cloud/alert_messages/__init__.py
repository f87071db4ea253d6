"""The texts and documents that alerts consist of, and the links in them."""
