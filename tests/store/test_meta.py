"""What an index says of itself, in this version and in those before."""

from __future__ import annotations

from dataclasses import asdict

from bienc_cli.store.meta import tuned_blend
from bienc_cli.types import BlendWeights, TunedBlend


def test_weights_that_weighed_something_else_hold_no_more() -> None:
    blend = TunedBlend(BlendWeights(0.5, 0.25), BlendWeights(1.0, 0.125), 40)
    recorded = asdict(blend)
    assert tuned_blend(recorded) == blend
    del recorded["fusion"]
    assert tuned_blend(recorded) is None
    assert tuned_blend(None) is None
