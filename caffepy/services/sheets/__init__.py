"""Sheets of pictures that a net sees, for people.

    page            pictures side by side, each with words below
    words           letters on pictures
    palette         a colour for each class
    boxes           frames on pictures
    untransformed   mean and scale taken back
    record_names    what the items are called
    levels          numbers of any range as bytes
"""
