"""What nets get wrong.

    reports     folders that `caffepy test -report` wrote
    testing     a test made here: every record's answer, so that each count leads to pictures
    judged      answers of a net that names classes
    detected    answers of a detector, with thresholds
    segmented   answers that are pictures of labels
    tables      a confusion table and its classes, in words
    routes      the views
"""
