"""What visitors chose in the consent banner of the site, as TC strings; some browsers object by signal."""

import numpy as np

from iaros.demo import blemishes
from iaros.demo.block import Block
from iaros.demo.draws import chance, pick
from iaros.demo.feeds import web
from iaros.demo.forms import Row
from iaros.demo.seasons import iso_utc

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_ASKED = 0.12
_CMP, _CMP_VERSION, _VENDOR_LIST, _POLICY = 300, 5, 250, 4
# Everything, content and measuring without advertising, nothing.
_CHOICES = (frozenset(range(1, 12)), frozenset((1, 5, 6, 7, 8, 9, 10, 11)), frozenset[int]())
_CHOSEN = (0.62, 0.14, 0.24)


def web_consent(block: Block) -> list[Row]:
    """One choice a device, at its first visit; a few strings were cut on the way."""
    rng, events = block.generator("web_consent"), block.events
    device, first = np.unique(events.device, return_index=True)
    first = first[chance(rng, _ASKED, len(device)) & ~events.in_app[first]]
    names, at = web.devices(block), events.at[first]
    what, signals = pick(rng, _CHOSEN, len(first)).tolist(), chance(rng, 0.05, len(first)).tolist()
    strings = np.array([tc_string(_CHOICES[w], int(moment)) for w, moment in zip(what, at, strict=True)], dtype=object)
    strings = blemishes.spoil(rng, strings, ("CPXxRf", "BOEFEAyOEFEAyAHABDENAI4AAAB9vABAASA"), blemishes.SPOILT * 2)
    return [
        {
            "choice_id": f"wc-{block.number:04x}{i:07x}",
            "at": moment,
            "device_id": names[i],
            "tc_string": string,
            "gpc": signal,
            "language": block.people.language[events.person[i]],
        }
        for i, moment, string, signal in zip(
            first.tolist(), iso_utc(at).tolist(), strings.tolist(), signals, strict=True
        )
    ]


def tc_string(purposes: frozenset[int], at: int) -> str:
    """The string that a banner writes for these purposes, without a single vendor (TCF 2)."""
    day = at // 86_400 * 864_000  # deciseconds, to the day as version 2.2 asks
    field = sum(1 << 24 - purpose for purpose in purposes)
    widths = (
        *((2, 6), (day, 36), (day, 36), (_CMP, 12), (_CMP_VERSION, 12), (1, 6), (3, 6), (0, 6)),
        *((_VENDOR_LIST, 12), (_POLICY, 6), (1, 1), (0, 1), (0, 12), (field, 24), (0, 24), (0, 1), (3, 6), (10, 6)),
        *((0, 16), (0, 1), (0, 16), (0, 1), (0, 12)),
    )
    text = "".join(f"{value:0{width}b}" for value, width in widths)
    text += "0" * (-len(text) % 6)
    return "".join(_LETTERS[int(text[i : i + 6], 2)] for i in range(0, len(text), 6))
