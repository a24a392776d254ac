"""One solver trained several times with other settings: all combinations, one table, one picture.

    varying     what varies: fields of the solver and of its net, by path
    plan        which runs there are: a folder for each, with its solver and net
    training    one run, in a process of its own: begun, or gone on with
    running     all of them, in turn or several at once
    results     what they came to: table, .csv and picture
"""
