"""A picture shown to a net.

    given       pictures that visitors sent, or records of the data
    use         the net of a prototxt for use, and what is done to its pictures, in words
    nets        nets that are kept ready
    answering   what a net says of a picture
    maps        feature maps as pictures
    occlusion   where a net looks, by hiding parts
    showing     what a page shows
    routes      the views
"""
