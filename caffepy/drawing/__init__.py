"""Pictures of nets without any program beside: see caffepy.draw."""
