"""The colours and marks of all pictures."""

# Okabe and Ito's colours, told apart by colour-blind readers too
BLUE, ORANGE, GREEN, VERMILLION = "#0072B2", "#E69F00", "#009E73", "#D55E00"
SKY, PURPLE, YELLOW, GREY = "#56B4E9", "#CC79A7", "#F0E442", "#666666"
CYCLE = [BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY]

# a "no" is a blue circle, a "yes" an orange square: colour is never the only sign
CLASS_COLOURS, CLASS_MARKERS = (BLUE, ORANGE), ("o", "s")
