"""Databases, records, pictures, and the thread that reads ahead."""
