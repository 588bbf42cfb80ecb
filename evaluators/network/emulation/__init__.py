"""The wide-area problem with real packets in real time: one flow, a link that a process emulates, nothing simulated.

A sender paces datagrams, a process carries them over a bottleneck with the rules of the packet engine, another returns
them. The sender's half of the engine runs unchanged, so that what differs from a simulation is the network alone.
"""
