"""One file a command; gflags.py holds the original's flag spellings."""
