"""What the command, the tools and scripts do, as plain functions with results; one file each."""
