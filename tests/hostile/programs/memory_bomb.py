def solve(values):
    hoard = []
    while True:
        hoard.append(bytearray(1 << 20))
