"""The neuron layers."""
