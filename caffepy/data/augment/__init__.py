"""Changes of pictures, and of the boxes on them, before they are cut, mirrored and leveled.

One file a kind of change. Whatever is drawn comes from the record's own dice.
"""
