"""Pictures with boxes as a database of AnnotatedDatums, and what belongs to it: SSD's tools."""
