import json
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bienc_cli.models import load_bi_encoder
from bienc_cli.models.e5s1 import read_e5s1
from bienc_cli.models.hmsemb import PackError

PIECES = ["<s>", "<pad>", "</s>", "<unk>", "\u2581", "\u2581ab", "c", "<mask>"]
SCORES = [0.0, 0.0, 0.0, 0.0, -1.0, -2.0, -3.0, 0.0]
HIDDEN = 32


def quantized(values: np.ndarray) -> bytes:
    """Blocks of 32 as the format describes them: a scale, then low halves and high halves."""
    blocks = values.reshape(-1, 32)
    scales = (np.abs(blocks).max(axis=1) / 7).astype("<f2")
    scales[scales == 0] = 1
    steps = np.clip(np.rint(blocks / scales[:, None].astype(np.float32)), -8, 7).astype(np.int8)
    halves = (steps + 8).astype(np.uint8)
    packed = halves[:, :16] | (halves[:, 16:] << 4)
    return b"".join(scale.tobytes() + row.tobytes() for scale, row in zip(scales, packed))


def pack(tensors: dict[str, tuple[np.ndarray, bool]], version: int = 1) -> bytes:
    """A pack written from the format's description; the flag says whether a tensor is 4-bit."""
    sizes = (HIDDEN, 1, 1, 64, len(PIECES), 8, 2)
    head = struct.pack("<4sI7ifi", b"E5S1", version, *sizes, 1e-12, 32)
    pieces = [piece.encode() for piece in PIECES]
    offsets = np.cumsum([0, *map(len, pieces)]).astype("<u4")
    head += struct.pack("<5iQ", len(pieces), 0, 2, 1, 3, offsets[-1])
    head += offsets.tobytes() + np.array(SCORES, "<f4").tobytes() + b"".join(pieces)
    head += struct.pack("<iI", 1, 9) + struct.pack("<IBI", 9, 1, 32)
    blobs = {
        name: quantized(values) if four_bit else values.astype("<f4").tobytes()
        for name, (values, four_bit) in tensors.items()
    }
    start = len(head) + 4 + sum(2 + len(name) + 21 for name in tensors)
    directory = struct.pack("<i", len(tensors))
    for name, (values, four_bit) in tensors.items():
        directory += struct.pack("<H", len(name)) + name.encode()
        directory += struct.pack("<BIQQ", four_bit, values.size, start, len(blobs[name]))
        start += len(blobs[name])
    return head + directory + b"".join(blobs.values())


@given(rows=st.integers(1, 5), seed=st.integers(0, 2**16))
def test_values_come_back_within_a_step(
    rows: int, seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    values = np.random.default_rng(seed).normal(size=(rows, HIDDEN)).astype(np.float32)
    path = tmp_path_factory.mktemp("pack") / "pack"
    path.write_bytes(pack({"emb.word": (values, True)}))
    _, state = read_e5s1(path)
    found = state["embeddings.word_embeddings.weight"]
    step = np.abs(values).max(axis=1) / 7
    assert found.dtype == np.float32
    assert (np.abs(found - values).max(axis=1) <= 0.51 * step).all()


def test_tensors_get_the_names_and_shapes_of_the_torch_module(tmp_path: Path) -> None:
    path = tmp_path / "pack"
    flat = {
        "emb.ln.w": (np.ones(HIDDEN), False),
        "l0.q.w": (np.ones(HIDDEN * HIDDEN), True),
        "l0.fi.w": (np.ones(64 * HIDDEN), True),
        "l0.fo.w": (np.ones(HIDDEN * 64), True),
        "l0.oln.w": (np.ones(HIDDEN), False),
        "l0.fi.b": (np.ones(64), False),
    }
    path.write_bytes(pack(flat))
    _, state = read_e5s1(path)
    assert {name: tensor.shape for name, tensor in state.items()} == {
        "embeddings.LayerNorm.weight": (32,),
        "encoder.layer.0.attention.self.query.weight": (32, 32),
        "encoder.layer.0.intermediate.dense.weight": (64, 32),
        "encoder.layer.0.output.dense.weight": (32, 64),
        "encoder.layer.0.output.LayerNorm.weight": (32,),
        "encoder.layer.0.intermediate.dense.bias": (64,),
    }


def test_the_tokenizer_is_one_that_the_library_reads(tmp_path: Path) -> None:
    from tokenizers import Tokenizer

    path = tmp_path / "pack"
    path.write_bytes(pack({}))
    tokenizer_json, _ = read_e5s1(path)
    tokenizer = Tokenizer.from_str(json.dumps(json.loads(tokenizer_json)))
    assert tokenizer.encode("ab\tab  c").tokens == [
        *("<s>", "\u2581ab", "\u2581ab", "\u2581", "c", "</s>")
    ]


@pytest.mark.parametrize(
    "change",
    [
        lambda data: b"E5S2" + data[4:],
        lambda data: data[:20],
        lambda data: data[:100],
        lambda data: data[:-1],
        lambda data: data.replace(b"emb.word", b"emb.nope"),
        lambda data: data.replace(b"emb.word", b"emb.\xff\xff\xff\xff"),
    ],
)
def test_what_is_no_whole_pack_is_refused(change: object, tmp_path: Path) -> None:
    path = tmp_path / "pack"
    path.write_bytes(change(pack({"emb.word": (np.ones((2, HIDDEN)), True)})))  # type: ignore[operator]
    with pytest.raises(PackError):
        read_e5s1(path)


def test_another_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "pack"
    path.write_bytes(pack({}, version=2))
    with pytest.raises(PackError, match="version 2"):
        read_e5s1(path)


@pytest.mark.models
def test_one_meaning_in_eight_languages_is_nearest(model_cache: Path) -> None:
    questions = [
        "How many people live in Berlin?",
        "Wie viele Menschen leben in Berlin?",
        "¿Cuántas personas viven en Berlín?",
        "Combien de personnes vivent à Berlin ?",
        "Сколько людей живёт в Берлине?",
        "柏林有多少人口？",
        "كم عدد سكان برلين؟",
        "बर्लिन में कितने लोग रहते हैं?",
    ]
    passages = [
        "Berlin hat 3.520.031 gemeldete Einwohner.",
        "New York ist für das Metropolitan Museum of Art bekannt.",
        "Das Bier wird bei neun Grad gelagert.",
    ]
    encoder = load_bi_encoder("e5-multilingual", cache_dir=model_cache, offline=True)
    assert (encoder.identity.query_prompt, encoder.identity.passage_prompt) == (
        "query: ",
        "passage: ",
    )
    similarities = encoder.encode_queries(questions) @ encoder.encode_passages(passages).T
    assert similarities.argmax(axis=1).tolist() == [0] * len(questions)


@pytest.mark.models
def test_vectors_are_those_of_the_engine_that_the_pack_was_made_for(model_cache: Path) -> None:
    """Recorded from that engine, which multiplies in 8 bits: hence the tolerance."""
    encoder = load_bi_encoder(
        "e5-multilingual", cache_dir=model_cache, offline=True, runtime="torch"
    )
    queries = ["how much protein per day", "ﬃ full ｗｉｄｔｈ ２０２４ naïve café"]
    recorded = [
        [0.0141, -0.0242, -0.0435, -0.0555, 0.1102, -0.0394],
        [0.0059, -0.0199, -0.0328, -0.0564, 0.0888, -0.0594],
    ]
    found = encoder.encode_queries(queries)[:, :6]
    np.testing.assert_allclose(found, recorded, atol=2e-3)
