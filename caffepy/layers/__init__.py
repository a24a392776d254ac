"""One file a layer type, in families; core.registry finds them by walking this package."""
