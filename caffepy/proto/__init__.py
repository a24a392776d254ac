"""The words: the schema, prototxt in and out, weights in and out."""
