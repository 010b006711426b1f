"""What the rooms of these tests sell."""

from ai.cues.products import ListedProduct

FRYER = ListedProduct("fryer", "五升可视空气炸锅", "5L Visible Air Fryer", ("空气炸锅",), 29900, 49900, 1, 40)
LAMP = ListedProduct("lamp", "护眼台灯", "Eye-Care Desk Lamp", ("台灯",), 16900, 25900, 2, 110)
KETTLE = ListedProduct("kettle", "便携式烧水壶", "Travel Electric Kettle", ("烧水壶",), 18900, 29900, 3, 60)
BLACK = ListedProduct("black", "黑色双头眉笔", "Black Brow Pencil", (), 3900, 6900, 4, 10)
BROWN = ListedProduct("brown", "棕色双头眉笔", "Brown Brow Pencil", (), 3900, 6900, 5, 10)
PRODUCTS = (FRYER, LAMP, KETTLE, BLACK, BROWN)
