"""`caffepy bench` from a clone: a net beside other frameworks, where they are installed."""

from caffepy.tools.bench import main

if __name__ == "__main__":
    main()
