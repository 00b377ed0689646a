# SPDX-License-Identifier: Apache-2.0
"""Short question-and-answer drills for the toy model, drawn from small tables of facts."""

CAPITALS = dict(
    pair.split(":")
    for pair in (
        "France:Paris Germany:Berlin Italy:Rome Spain:Madrid Portugal:Lisbon Austria:Vienna "
        "Poland:Warsaw Greece:Athens Norway:Oslo Sweden:Stockholm Finland:Helsinki Denmark:Copenhagen "
        "Hungary:Budapest Ireland:Dublin Japan:Tokyo China:Beijing Egypt:Cairo Kenya:Nairobi "
        "Canada:Ottawa Peru:Lima Chile:Santiago Cuba:Havana Australia:Canberra Turkey:Ankara"
    ).split()
)
OPPOSITES = (
    "hot cold, big small, old young, wet dry, fast slow, early late, full empty, light dark, "
    "open closed, loud quiet, hard soft, high low, rich poor, near far, strong weak, sweet bitter"
)
COLOURS = {
    "the sky on a clear day": "blue",
    "fresh grass": "green",
    "snow": "white",
    "coal": "black",
    "a ripe lemon": "yellow",
    "a ripe tomato": "red",
    "a carrot": "orange",
    "chocolate": "brown",
}
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
MONTHS = (
    "January February March April May June July August September October November December"
).split()
OPENINGS = ["", "", "", "Please tell me: ", "A quick question. ", "Hello! ", "I forgot. "]
THANKS = [
    ("Thank you!", "You are welcome."),
    ("Thanks, that helps.", "I am glad to hear that. Ask me anything else."),
    ("Are you sure?", "Yes, I am sure."),
]


def capital(chooser):
    country, city = chooser.choice(sorted(CAPITALS.items()))
    return chooser.choice(
        [
            (f"What is the capital of {country}?", f"The capital of {country} is {city}."),
            (f"Which city is the capital of {country}?", f"{city} is the capital of {country}."),
            (f"In which country is {city}?", f"{city} is in {country}."),
        ]
    )


def opposite(chooser):
    pair = chooser.choice(OPPOSITES.split(", ")).split()
    first, second = pair if chooser.random() < 0.5 else pair[::-1]
    return f"What is the opposite of {first}?", f"The opposite of {first} is {second}."


def colour(chooser):
    thing, name = chooser.choice(sorted(COLOURS.items()))
    return f"What colour is {thing}?", f"The colour of {thing} is {name}."


def addition(chooser):
    a, b = chooser.randrange(1, 10), chooser.randrange(1, 10)
    return chooser.choice(
        [
            (f"What is {a} plus {b}?", f"{a} plus {b} is {a + b}."),
            (f"How much is {a} + {b}?", f"{a} + {b} = {a + b}."),
            (f"What is {a + b} minus {b}?", f"{a + b} minus {b} is {a}."),
        ]
    )


def following(chooser):
    names, kind = chooser.choice([(DAYS, "day"), (MONTHS, "month")])
    i = chooser.randrange(len(names))
    after = names[(i + 1) % len(names)]
    return f"Which {kind} comes after {names[i]}?", f"After {names[i]} comes {after}."


def counting(chooser):
    first, length = chooser.randrange(1, 15), chooser.randrange(3, 8)
    last = first + length
    numbers = ", ".join(str(n) for n in range(first, last + 1))
    return f"Count from {first} to {last}.", f"{numbers}."


def drills(chooser, count):
    """`count` dialogues of one to three questions, each a flat list of turns, user first."""
    kinds = [capital, opposite, colour, addition, following, counting]
    for _ in range(count):
        turns = []
        for number in range(chooser.choice([1, 1, 2, 3])):
            question, answer = chooser.choice(kinds)(chooser)
            opening = chooser.choice(OPENINGS) if number == 0 else ""
            turns += [opening + question, answer]
        if chooser.random() < 0.3:
            turns += chooser.choice(THANKS)
        yield turns
