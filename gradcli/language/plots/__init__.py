"""Functions as pictures: which points they have, and what is to be said of them."""
