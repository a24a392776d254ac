"""The engine's skeleton: memory, blobs, the layer contract, the graph and the net."""
