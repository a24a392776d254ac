"""What `caffepy data show` does unless told otherwise, which its flags show without loading the
rest."""

SEED = 1701  # of all that is drawn
COUNT = 32  # items of each data layer
