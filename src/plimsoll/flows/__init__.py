"""The journeys, one module each: read these first. build and serve stand at the bottom, ship above them."""
