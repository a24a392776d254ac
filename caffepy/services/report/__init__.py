"""What a net gets wrong: all pictures judged once, counted by class, and the worst of them shown.

    judging     runs beside a test and keeps what the net answered
    confusion   which classes it takes for which: CSV and picture
    sheet       the worst pictures, side by side
    writing     puts it all into a folder
"""
