"""Trade in intermediate goods: end-use classes, growth accounting, destinations, mirror figures."""
