"""The recurrent layers."""
