"""A net: its graph, its layers, their weights and how they moved.

    looking     a net for the page: its layers' table, built without what it may not open
    graph       the drawing, whose layers can be clicked
    layers      what is known of one layer, in words
    weights     parameters as pictures
    moving      how they moved from snapshot to snapshot
    times       how long each layer takes
    routes      the views
"""
