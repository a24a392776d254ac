"""What a net gets wrong: all pictures judged once, counted by class, and the worst of them shown.

    pairs       which layers hold answers against truths: classes, numbers, or yes and no
    sets        all of these, judged in one run
    judging     runs beside a test and keeps what the net answered: classes
    measures    precision, recall, F1 and overlap of a table of confusions
    calibration whether the net is as often right as it says
    ranking     ROC and precision-recall, and the areas under them
    confusion   which classes it takes for which: CSV and picture
    worst       the few that are kept to be shown
    sheet       the worst pictures, side by side
    numbers     the same for regression: residuals
    marks       and for several questions with yes or no
    chart, curves, drawn    pictures of numbers
    writing, class_writing, number_writing, mark_writing    put it all into a folder

Of a detector, whose answers are boxes:

    detections      runs beside a test and keeps which boxes were found
    coco            how well they lie: average precision by COCO's rules
    found_sheet     the worst pictures, boxes drawn on them
    found_writing   says it all in the log, and puts it into a folder
"""
