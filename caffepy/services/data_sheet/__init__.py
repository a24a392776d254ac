"""What the data layers of a net give it, after all transformation, as sheets of pictures.

    defaults    count and seed
    showing     the sheets of a net, into a file
    reading     the data layers alone, and items of theirs
    drawing     an item as a tile
    panels      numbers as pictures: channels, frames, labels of pixels, rows of numbers
    boxes       boxes on pictures
    naming      what the classes are called
"""
