"""Data: what lies in databases, lists and HDF5 files, and what nets see of it.

    sources     which there are
    stores      their records, one kind of store after the other
    record      one record: picture, labels, boxes
    view        a LevelDB read through links, so that nobody's lock is taken
    survey      counts, labels, sizes, what is suspicious: a walk through all records
    surveys     surveys in a thread of their own, kept
    thumbs      pictures of records
    browsing    which records are shown, page by page
    seen        what a net's data layers give, after all transformations
    routes      the views
"""
