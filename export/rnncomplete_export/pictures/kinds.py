"""The kinds of things that composed scenes show: what a sentence calls each, and which drawings show it.

A line of the table is ``noun``, ``noun/plural``, either with ``= NAME, NAME`` if the drawings are called otherwise (by the
names of Unicode's CLDR) than the noun.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

TABLE = """
cat = cat, cat face
dog = dog, dog face
horse = horse, horse face
cow = cow, cow face
pig = pig, pig face
mouse/mice = mouse, mouse face
rabbit = rabbit, rabbit face
tiger = tiger, tiger face
monkey = monkey, monkey face
whale = whale, spouting whale
dragon = dragon, dragon face
chick = baby chick, front-facing baby chick
camel = camel, two-hump camel
bear
panda
koala
fox
wolf/wolves
lion
leopard
elephant
rhinoceros/rhinoceroses
gorilla
goat
sheep/sheep = ewe
ram
boar
deer/deer
rat
hamster
chipmunk
poodle
bat
unicorn
frog
crocodile
turtle
snake
lizard
fish/fish
tropical fish/tropical fish
blowfish/blowfish
shark
dolphin
octopus
squid/squid
crab
shrimp
snail
butterfly
bug
ant
bee = honeybee
ladybird = lady beetle
spider
scorpion
owl
eagle
duck
dove
bird
penguin
chicken
rooster
turkey
giraffe
zebra
hedgehog
kangaroo
flamingo
parrot
swan
lobster
rose
tulip
sunflower
cherry blossom
hibiscus
bouquet
palm tree
fir tree = evergreen tree
tree = deciduous tree
Christmas tree
cactus
mushroom
four-leaf clover = four leaf clover
maple leaf/maple leaves
seedling
bunch of grapes/bunches of grapes = grapes
melon
watermelon
tangerine
lemon
banana
pineapple
red apple
green apple
pear
peach
strawberry
kiwi = kiwi fruit
tomato/tomatoes
avocado
eggplant
potato/potatoes
carrot
ear of corn/ears of corn
cucumber
loaf of bread/loaves of bread = bread
croissant
baguette = baguette bread
pretzel
wedge of cheese/wedges of cheese = cheese wedge
hamburger
slice of pizza/slices of pizza = pizza
hot dog
taco
box of popcorn/boxes of popcorn = popcorn
doughnut
cookie
birthday cake
chocolate bar
candy
lollipop
ice cream
honey pot
glass of milk/glasses of milk
cup of coffee/cups of coffee = hot beverage
wine glass
cocktail glass
beer mug
balloon
gift = wrapped gift
trophy
teddy bear
soccer ball
basketball
baseball
volleyball
american football
guitar
violin
trumpet
saxophone
drum
microphone
camera
television
radio
telephone
mobile phone
laptop
desktop computer = desktop computer
printer
light bulb
candle
flashlight
red book = closed book
blue book
green book
orange book
newspaper
envelope
package
pencil
crayon
paintbrush
pair of scissors/pairs of scissors = scissors
key
padlock = locked
hammer
wrench
gear
bomb
shield
microscope
telescope
pill
syringe
door
bed
chair
toilet
bathtub
crown
top hat
pair of glasses/pairs of glasses = glasses
pair of sunglasses/pairs of sunglasses = sunglasses
necktie
dress
t-shirt
pair of jeans/pairs of jeans = jeans
handbag
backpack
running shoe
high-heeled shoe
lipstick
ring
gem = gem stone
umbrella = umbrella, umbrella with rain drops
alarm clock
watch
hourglass = hourglass done, hourglass not done
bell
megaphone
magnifying glass = magnifying glass tilted left, magnifying glass tilted right
money bag
credit card
battery
crystal ball
jack-o'-lantern = jack-o-lantern
artist's palette = artist palette
car = automobile, oncoming automobile
taxi = taxi, oncoming taxi
bus = bus, oncoming bus
police car = police car, oncoming police car
ambulance
fire engine
truck = delivery truck
tractor
racing car
motorcycle
scooter = motor scooter
bicycle
locomotive
tram
helicopter
airplane = airplane, small airplane
rocket
sailboat
speedboat
ship
canoe
anchor
house = house, house with garden
castle
church
tent
hospital
school
factory
Ferris wheel = ferris wheel
fountain
volcano
traffic light = horizontal traffic light, vertical traffic light
fuel pump
satellite
flying saucer
star
sun
crescent moon
cloud
rainbow
snowman/snowmen = snowman, snowman without snow
snowflake
fire
ghost
alien
robot
skull
clown = clown face
cowboy = cowboy hat face
red heart
blue heart
green heart
yellow heart
purple heart
broken heart
grinning face = grinning face, grinning face with big eyes
crying face = crying face, loudly crying face
sleeping face
angry face = angry face, enraged face
winking face
thinking face
face with sunglasses/faces with sunglasses = smiling face with sunglasses
face with heart eyes/faces with heart eyes = smiling face with heart-eyes
face with tears of joy/faces with tears of joy
face with a mask/faces with masks = face with medical mask
baby
boy
girl
man/men
woman/women
old man/old men
old woman/old women
princess
Santa Claus
police officer
snowboarder
eye
"""

COLOURS = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "grey", "brown", "black", "white")
"""Every word for a colour."""


@dataclass(frozen=True)
class Kind:
    """What one thing is called, and its drawings' names."""

    singular: str
    plural: str
    names: tuple[str, ...]

    @property
    def coloured(self) -> bool:
        """Whether its name says its colour, so that it is never given another one."""
        return any(word in COLOURS for word in self.singular.split())


@cache
def kinds() -> tuple[Kind, ...]:
    """All of them, in the order of the table."""
    return tuple(_kind(line) for line in TABLE.strip().splitlines())


def _kind(line: str) -> Kind:
    noun, _, names = line.partition(" = ")
    singular, _, plural = noun.partition("/")
    return Kind(singular, plural or plural_of(singular), tuple(names.split(", ")) if names else (singular,))


def plural_of(noun: str) -> str:
    """The regular plural of an English ``noun``."""
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return f"{noun[:-1]}ies"
    return f"{noun}es" if noun.endswith(("s", "x", "ch", "sh")) else f"{noun}s"


def with_article(phrase: str) -> str:
    """``phrase`` behind *a* or *an*, as it sounds."""
    vowel = (phrase[0].lower() in "aeiou" and not phrase.startswith(("uni", "euro"))) or phrase.startswith("hour")
    return f"{'an' if vowel else 'a'} {phrase}"
