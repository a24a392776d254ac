"""Data: what lies in databases, lists and HDF5 files, and what nets see of it.

    sources     which there are
    stores      the records of databases and lists
    rows        those of HDF5 files
    record      one record: picture, labels, boxes
    view        a LevelDB read through links, so that nobody's lock is taken
    survey      counts, labels, sizes, what is strange: a walk through all records
    suspicions  what may be wrong with them
    surveys     surveys in a thread of their own, kept
    thumbs      pictures of records
    browsing    which records are shown, page by page
    seen        what a net's data layers give, after all transformations
    routes      the views
"""
