"""Random classic BPF that Linux accepts, made here from the language's rules alone: a generator
that shares nothing with the library."""
import struct

CONSTANTS = (0, 1, 2, 31, 32, 33, 63, 64, 255, 0x7fffffff, 0x80000000, 0x80000001, 0xffff0000,
             0xfffffffe, 0xffffffff, 0xc000003e, 0x40000003, 0x40000000)
ACTIONS = (0x7fff0000, 0x7ffc0000, 0x7ff00007, 0x7fc00000, 0x00050001, 0x00051fff, 0x00030005,
           0x00000000, 0x80000000, 0x12345678, 0x7fff0003, 0xffffffff)
ALU = (0x00, 0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0xa0)
JUMPS = (0x15, 0x25, 0x35, 0x45, 0x1d, 0x2d, 0x3d, 0x4d)


def number(random):
    return random.choice(CONSTANTS) if random.random() < 0.8 else random.getrandbits(32)


def step(random, stored):
    """One instruction that goes on to the next; `stored` are the cells written on every path."""
    kind = random.randrange(10)
    if kind < 4:
        return 0x20, 0, 0, 4 * random.randrange(16)
    if kind < 7:
        operation = random.choice(ALU)
        if random.random() < 0.5:
            return 0x0c | operation, 0, 0, 0
        k = number(random)
        if operation in (0x60, 0x70):
            k %= 32
        return 0x04 | operation, 0, 0, max(k, 1) if operation == 0x30 else k
    if kind == 7:
        return random.choice(((0x07, 0, 0, 0), (0x87, 0, 0, 0), (0x84, 0, 0, 0), (0x80, 0, 0, 0),
                              (0x81, 0, 0, 0), (0x00, 0, 0, number(random)),
                              (0x01, 0, 0, number(random))))
    if kind == 8 and stored:
        return random.choice((0x60, 0x61)), 0, 0, random.choice(stored)
    return random.choice((0x02, 0x03)), 0, 0, random.randrange(16)


def program(random, longest=60):
    """(code, jt, jf, k), ending in returns of several actions, which jumps may aim at."""
    stored = random.sample(range(16), 4)
    head = [(0x02, 0, 0, cell) for cell in stored]
    body = [None] * random.randint(1, longest)
    tail = [(0x06, 0, 0, random.choice(ACTIONS)) for _ in range(3)] + [(0x16, 0, 0, 0)]
    for at in range(len(body)):
        room = len(body) - at - 1 + len(tail)
        if random.random() < 0.35:
            near = min(room - 1, 255)
            body[at] = (random.choice(JUMPS), random.randint(0, near) if random.random() < 0.4 else
                        random.randint(0, min(near, 2)), random.randint(0, min(near, 2)),
                        number(random))
        elif random.random() < 0.05:
            body[at] = (0x05, 0, 0, random.randint(0, min(room - 1, 3)))
        else:
            body[at] = step(random, stored)
    return head + body + tail


def encoded(instructions):
    return b"".join(struct.pack("<HBBI", *insn) for insn in instructions)


def record(random):
    """A record as `assay run --records` reads it."""
    wide = lambda: number(random) | number(random) << 32
    return {"arch": random.choice((0xc000003e, 0x40000003, 0x80000016, number(random))),
            "nr": random.choice((0, 1, 59, 257, 0x40000001, number(random))), "ip": hex(wide()),
            "args": [hex(wide()) for _ in range(6)]}
