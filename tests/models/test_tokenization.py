from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bienc_cli.errors import ModelUnavailable
from bienc_cli.models.tokenization import PASSAGE_SHARE, ModelTokenizer
from model_samples import WORDS, write_tokenizer

CLS, SEP = 2, 3


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> ModelTokenizer:
    directory = tmp_path_factory.mktemp("tokenizer")
    write_tokenizer(directory)
    return ModelTokenizer.from_file(directory / "tokenizer.json", pad_id=0)


texts = st.lists(st.sampled_from([*WORDS, "Größe", "北京", "🙂", "\n\n", "--"]), max_size=40).map(
    " ".join
)


@given(text=texts)
def test_spans_are_code_points_of_the_text(tokenizer: ModelTokenizer, text: str) -> None:
    spans = tokenizer.offsets(text)
    assert tokenizer.counts([text]) == [len(spans)]
    assert all(text[a:b] and text[a:b] == text[a:b].strip() for a, b in spans)
    assert [b <= c for (_, b), (c, _) in zip(spans, spans[1:], strict=False)].count(False) == 0


def test_settings_frozen_into_the_file_do_not_count(tokenizer: ModelTokenizer) -> None:
    assert tokenizer.counts(["one two three four five six seven eight nine ten", "one"]) == [10, 1]
    assert tokenizer.special_tokens == 2


@given(text=texts, limit=st.integers(3, 30))
def test_a_text_is_cut_at_its_end(tokenizer: ModelTokenizer, text: str, limit: int) -> None:
    (found,) = tokenizer.encode([text], limit)
    (whole,) = tokenizer.encode([text], 10_000)
    assert len(found) == min(len(whole), limit)
    assert list(found.ids) == [*whole.ids[: len(found) - 1], SEP]


@given(query=texts, passage=texts, limit=st.integers(8, 40))
def test_pairs_fit_and_the_passage_gives_way(
    tokenizer: ModelTokenizer, query: str, passage: str, limit: int
) -> None:
    (found,), truncated = tokenizer.encode_pairs([(query, passage)], limit)
    wanted_query, wanted_passage = tokenizer.counts([query, passage])
    room = limit - 3
    first_end = list(found.ids).index(SEP)
    kept_query, kept_passage = first_end - 1, len(found) - first_end - 2
    assert len(found) <= limit
    assert bool(truncated[0]) == (wanted_query + wanted_passage > room)
    if not truncated[0]:
        assert (kept_query, kept_passage) == (wanted_query, wanted_passage)
    else:
        assert kept_query + kept_passage == room
        assert kept_passage >= min(wanted_passage, room // PASSAGE_SHARE)
        assert kept_query == wanted_query or kept_passage == min(
            wanted_passage, room // PASSAGE_SHARE
        )
    assert list(found.type_ids) == [0] * (kept_query + 2) + [1] * (kept_passage + 1)


def test_one_query_cut_for_one_passage_is_whole_for_the_next(tokenizer: ModelTokenizer) -> None:
    query = " ".join(["one"] * 12)
    pairs = [(query, " ".join(["two"] * 12)), (query, "two")]
    (_, second), truncated = tokenizer.encode_pairs(pairs, 18)
    assert truncated.tolist() == [True, False]
    assert len(second) == 12 + 1 + 3


def test_padding_is_masked_rounded_up_and_never_beyond_the_limit(
    tokenizer: ModelTokenizer,
) -> None:
    inputs = tokenizer.encode(["one two three", "one"], 30)
    batch = tokenizer.pad(inputs, multiple=16, limit=30)
    assert batch.input_ids.shape == (2, 16)
    assert batch.attention_mask.sum(axis=1).tolist() == [5, 3]
    assert batch.input_ids[1, :4].tolist() == [CLS, tokenizer.encode(["one"], 9)[0].ids[1], SEP, 0]
    assert tokenizer.pad(inputs, multiple=16, limit=7).input_ids.shape == (2, 7)
    assert tokenizer.pad(inputs).input_ids.shape == (2, 5)
    assert batch.input_ids.dtype == np.int64


def test_a_damaged_file_is_one_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.json"
    path.write_text("{")
    with pytest.raises(ModelUnavailable, match=r"tokenizer\.json"):
        ModelTokenizer.from_file(path, pad_id=0)
