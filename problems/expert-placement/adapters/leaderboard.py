"""Runs a program written for the ADRS leaderboard (UCB-ADRS/ADRS-Leaderboard, problem eplb) as a policy. Needs torch.

PUBLISHED is replaced by the text of such a program, and the whole is an ordinary candidate: it runs in the sandbox
and is trusted with nothing. The program defines `rebalance_experts(weight, slots, groups, nodes, gpus)` (or, in
ShinkaEvolve's copy, `run_eplb`), which returns three maps: the expert in each slot, the slots of each expert padded
with -1, and how many they are. The first is the answer; where the others do not follow from it, the answer is an
object that no rule allows, named after the fault.
"""

import sys
from types import ModuleType

import numpy as np
import torch

PUBLISHED = ""

ALL_MAPS = False
"""True for the legacy rules, which read all three maps and never ask whether they agree."""


def load_program():
    """The function of the published program."""
    module = ModuleType("published")
    sys.modules["published"] = module
    exec(compile(PUBLISHED, "published.py", "exec"), module.__dict__)
    return getattr(module, "rebalance_experts", None) or module.run_eplb


torch.set_num_threads(1)
rebalance = load_program()


def place(load, config, state):
    answer = rebalance(torch.from_numpy(load), config["slots"], config["groups"], config["nodes"], config["gpus"])
    phy2log, log2phy, logcnt = (np.asarray(tensor, dtype=np.int64) for tensor in answer)
    if ALL_MAPS:
        padded = np.full((*load.shape, config["slots"]), -1)
        padded[:, :, : log2phy.shape[2]] = log2phy
        return {"phy2log": phy2log, "log2phy": padded, "logcnt": logcnt}
    if not agree(phy2log, log2phy, logcnt, load.shape[1], config["slots"]):
        return type("maps disagree", (), {})()
    return phy2log


def agree(phy2log, log2phy, logcnt, experts, slots):
    """Whether the second and the third map follow from the first; true where the first itself breaks a rule."""
    layers = len(phy2log)
    if phy2log.shape != (layers, slots) or phy2log.min() < 0 or phy2log.max() >= experts:
        return True
    if logcnt.shape != (layers, experts) or log2phy.shape[:2] != logcnt.shape or log2phy.max() >= slots:
        return False
    flat = phy2log + experts * np.arange(layers)[:, None]
    counts = np.bincount(flat.ravel(), minlength=layers * experts).reshape(layers, experts)
    listed = np.arange(log2phy.shape[2]) < logcnt[:, :, None]
    layer, expert, place_in_list = np.nonzero(listed)
    slot = log2phy[layer, expert, place_in_list]
    each_once = len(np.unique(layer * slots + slot)) == layers * slots
    return bool(
        (counts == logcnt).all() and (listed == (log2phy >= 0)).all() and each_once
        and (phy2log[layer, slot] == expert).all()
    )  # fmt: skip
