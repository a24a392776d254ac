"""What a net gets wrong: all pictures judged once, counted by class, and the worst of them shown.

    judging     runs beside a test and keeps what the net answered
    confusion   which classes it takes for which: CSV and picture
    worst       the few that are kept to be shown
    sheet       the worst pictures, side by side
    writing     puts it all into a folder

Of a detector, whose answers are boxes:

    detections      runs beside a test and keeps which boxes were found
    coco            how well they lie: average precision by COCO's rules
    curves          precision and recall as a picture
    found_sheet     the worst pictures, boxes drawn on them
    found_writing   says it all in the log, and puts it into a folder
"""
