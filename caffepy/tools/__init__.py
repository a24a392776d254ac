"""The programs around the command, each a module with a main()."""
