"""python -m helpers.simulated ATHLETES DAYS SEED: what arrives, one object a line as the inbox takes it; of made-up people."""

import json
import sys

from helpers.simulated import World, simulate


def main():
    athletes, days, seed = map(int, sys.argv[1:])
    for arrival in simulate(World(seed=seed), athletes, days)[0]:
        print(json.dumps({"received_at": arrival.received_at, "body": arrival.body}))


if __name__ == "__main__":
    main()
