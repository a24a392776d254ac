"""Fast R-CNN's data layer: pictures with boxes that a script has found."""
