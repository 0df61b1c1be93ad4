"""`docs/benchmarks.md`, made of `results.json`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

Results = dict[str, Any]
Row = Sequence[str]

_CONTENDERS = {
    "a": "a: plain script",
    "b": "b: bienc, torch",
    "c": "c: bienc",
    "d": "d: OpenVINO alone",
}

_INTRODUCTION = """# Benchmarks

<!-- Made by `make bench`; edit benchmarks/tables.py instead. -->

    make bench BEIR="path/to/scifact path/to/another"

runs the contenders in turns, in one run, so that other load affects all of them alike. All have the
same models and the same passages.

- **a**: the script one would write by hand: `SentenceTransformer`, hnswlib, `CrossEncoder.predict`,
  with the libraries' defaults ([plain.py](../benchmarks/plain.py))
- **b**: bienc with `--runtime torch`
- **c**: bienc with its defaults
- **d**: the converted OpenVINO models alone, on batches prepared in advance: the upper limit

Each figure is the median of its runs, followed by the least and the most.
"""


def document(results: Results) -> str:
    """The whole page; parts that were never run say so."""
    parts = [_INTRODUCTION, _machine(results)]
    for name, title, write in _PARTS:
        part = results.get(name)
        body = write(part) if part else "Not measured yet.\n"
        parts.append(f"## {title}\n\n{body}")
    return "\n".join(parts)


def _machine(results: Results) -> str:
    if "machine" not in results:
        return ""
    about, versions = results["machine"], results["versions"]
    extensions = ", ".join(about["extensions"]) or "no AVX"
    return (
        f"Measured on {about['processor']} ({extensions}), {about['cores']} cores, "
        f"{about['memory_gib']:.0f} GiB, {about['system']}, Python {about['python']}; "
        f"OpenVINO computes in {about['precision']}. Versions: "
        + ", ".join(f"{name} {version}" for name, version in versions.items())
        + ".\n"
    )


def _cold(part: Results) -> str:
    figures = part["figures"]
    rows = [
        [
            _CONTENDERS.get(name, name),
            spread(one["seconds"], "{:.2f}"),
            f"{ratio(figures, 'a', name, 'seconds'):.1f}",
            spread(one["cpu_seconds"], "{:.2f}"),
            spread(one["peak_mib"], "{:.0f}"),
        ]
        for name, one in figures.items()
    ]
    return (
        "A whole process with one query over the sample documents. 20 candidates are reranked; b "
        "and c\nwith the strategy of a (`bi-encoder+cross-encoder`), c also with its defaults.\n\n"
        + table(["", "seconds", "times faster", "CPU seconds", "peak MiB"], rows)
        + f"\na and c have the same top 5, in the same order, for {part['same_top_5']} of "
        f"{part['queries']} queries.\n"
    )


def _index(part: Results) -> str:
    figures = part["figures"]
    rows = []
    for name, one in figures.items():
        whole = one.get("end_to_end")
        rows.append(
            [
                _CONTENDERS[name],
                spread(one["passages_per_second"], "{:.0f}"),
                f"{ratio(figures, name, 'a', 'passages_per_second'):.2f}",
                f"{ratio(figures, name, 'd', 'passages_per_second'):.2f}",
                spread(whole, "{:.0f}") if whole else "",
                f"{whole['median'] / figures['d']['passages_per_second']['median']:.2f}"
                if whole
                else "",
                spread(one["peak_mib"], "{:.0f}") if whole else "",
            ]
        )
    columns = ["", "encoded /s", "of a", "of d", "end to end /s", "of d", "peak MiB"]
    return (
        f"Passages per second while {part['documents']:,} documents of the collection "
        f"({part['passages']:,} passages) are\nencoded, and over the whole process: start, "
        "loading, reading, chunking, encoding, graph,\ncommit.\n\n" + table(columns, rows)
    )


def _rerank(part: Results) -> str:
    figures = part["figures"]
    rows = [
        [
            _CONTENDERS[name],
            spread(one["pairs_per_second"], "{:.0f}"),
            f"{ratio(figures, name, 'a', 'pairs_per_second'):.2f}",
        ]
        for name, one in figures.items()
    ]
    return f"{part['pairs']} pairs of query and passage, 20 per query.\n\n" + table(
        ["", "pairs /s", "of a"], rows
    )


def _warm(part: Results) -> str:
    rows = [
        [
            _CONTENDERS.get(name, name),
            spread(one["p50"], "{:.0f}", 1000),
            spread(one["p95"], "{:.0f}", 1000),
        ]
        for name, one in part["figures"].items()
    ]
    return (
        f"One query at a time in one process ({part['queries']} queries), models loaded, 20 "
        "candidates reranked.\n\n" + table(["", "p50 ms", "p95 ms"], rows)
    )


def _serving(part: Results) -> str:
    figures = part["figures"]
    rows = []
    for name, one in figures.items():
        cold = name.replace("served", "cold").replace("in one process", "cold")
        rows.append(
            [
                name,
                spread(one["wall"], "{:.3f}"),
                f"{ratio(figures, cold, name, 'wall'):.1f}",
                spread(one["cpu"], "{:.3f}") if "cpu" in one else "",
                spread(one["peak_mib"], "{:.0f}") if "peak_mib" in one else "",
            ]
        )
    beside = [
        f"{name} {ratio(figures, name, warm, 'wall'):.2f} times"
        for name in figures
        if (warm := name.replace("served, reranked", "in one process, reranked")) in figures
        and warm != name
    ]
    agreed = "are" if part["same"] else "are not"
    return (
        "The same query over the sample documents in a separate process, alone and through a "
        "running\n`bienc serve`; for comparison also the search alone in a process with many "
        "queries. Measured in turns\non a machine with other users "
        f"(mean load {part['load']:.0f} on {part['machine']['cores']} cores), so mainly the "
        "ratios and\nthe CPU seconds count; those of a served query include the server's.\n\n"
        "    python benchmarks/serving.py\n\n"
        + table(["", "seconds", "times faster", "CPU seconds", "peak MiB"], rows)
        + f"\nCompared with the search in one process, a whole process takes: {'; '.join(beside)}."
        + f"\n\nThe answers {agreed} the same, byte for byte, except times and `served`.\n"
    )


def _start(part: Results) -> str:
    rows = [
        [
            f"`{name}`",
            spread(one["seconds"], "{:.3f}"),
            spread(one["cpu_seconds"], "{:.3f}"),
            spread(one["peak_mib"], "{:.0f}"),
        ]
        for name, one in part["figures"].items()
    ]
    return table(["", "seconds", "CPU seconds", "peak MiB"], rows)


def _quality(part: Results) -> str:
    rows = []
    for name, one in part["models"].items():
        torch, openvino = one["ndcg"]["torch"], one["ndcg"]["openvino"]
        cosine = one["cosine_to_fp32"]
        rows.append(
            [
                name,
                f"{torch:.4f}",
                f"{openvino:.4f}",
                f"{openvino - torch:+.4f}",
                f"{cosine['mean']:.6f}",
                f"{cosine['least']:.6f}",
            ]
        )
    columns = ["bi-encoder", "torch fp32", "OpenVINO", "difference", "mean cosine", "least"]
    return (
        f"nDCG@10 of the strategy `bi-encoder` on {part['collection']} (test), index and queries "
        "both with the\nsame runtime; and the cosine between the two runtimes' vectors of the "
        "same 600 passages.\n\n" + table(columns, rows)
    )


def _gpu(part: Results) -> str:
    if part.get("gpu") is None:
        return "No GPU was available: the torch runtime was not measured on one.\n"
    return table(
        ["GPU", "runtime", "passages /s", "pairs /s"],
        [
            [
                part["gpu"],
                part["runtime"],
                f"{part['passages_per_second']:.0f}",
                f"{part['pairs_per_second']:.0f}",
            ]
        ],
    )


def _scaling(part: Results) -> str:
    sizes = part["sizes"]
    lines: list[tuple[str, Callable[[Results], str]]] = [
        ("of them real", lambda one: f"{one['real']:,}"),
        ("build without encoding, s", lambda one: f"{one['build_seconds']:.0f}"),
        ("of that the graph, s", lambda one: f"{one['graph_seconds']:.0f}"),
        ("catalog, MiB", lambda one: f"{one['bytes']['catalog'] / 2**20:.0f}"),
        ("graph, MiB", lambda one: f"{one['bytes']['graph'] / 2**20:.0f}"),
        ("open, ms", lambda one: f"{one['open_seconds'] * 1000:.1f}"),
        ("first search, ms", lambda one: f"{one['first_search_seconds'] * 1000:.0f}"),
        ("its recall@10", lambda one: f"{one['cold_recall']:.3f}"),
        ("graph loaded, ms", lambda one: f"{one['graph_load_seconds'] * 1000:.0f}"),
        ("warm search p50, ms", lambda one: f"{one['graph']['p50'] * 1000:.2f}"),
        ("warm search p95, ms", lambda one: f"{one['graph']['p95'] * 1000:.2f}"),
        ("its recall@10", lambda one: f"{one['recall']:.3f}"),
        ("BM25 p50, ms", lambda one: f"{one['bm25']['p50'] * 1000:.1f}"),
        ("BM25 p95, ms", lambda one: f"{one['bm25']['p95'] * 1000:.1f}"),
        ("peak of all searches, MiB", lambda one: f"{one['peak_mib']:.0f}"),
    ]
    for command in ("query --no-rerank", "query", "info"):
        lines += [
            (f"`bienc {command}`, s", _command(command, "seconds", "{:.2f}")),
            (f"`bienc {command}`, CPU s", _command(command, "cpu_seconds", "{:.2f}")),
            (f"`bienc {command}`, peak MiB", _command(command, "peak_mib", "{:.0f}")),
        ]
    rows = [[label, *(show(one) for one in sizes.values())] for label, show in lines]
    head = ["passages", *(f"{int(size):,}" for size in sizes)]
    return (
        f"Real vectors first, then perturbed mixtures of them; {part['queries']} real queries "
        f"({part['date']}). Recall is\nrelative to comparing every vector. Up to 20,000 vectors, "
        "all are compared; above that, the first\nqueries of a process scan codes of one bit per "
        "dimension and compare the best thousand exactly,\ninstead of loading the graph "
        "([storage.md](storage.md)). Indexes are reused, so the load while\nthey were built is "
        "unknown.\n\n"
        "    python benchmarks/scaling.py --beir DIR DIR\n\n" + table(head, rows)
    )


def _command(name: str, key: str, form: str) -> Callable[[Results], str]:
    return lambda one: spread(one["commands"][name][key], form)


def _reading(part: Results) -> str:
    rows = [
        [
            " ".join([f"`.{suffix.split()[0]}`", *suffix.split()[1:]]),
            spread(one["file_mb"], "{:.1f}"),
            spread(one["text_mb"], "{:.1f}"),
            spread(one["pages"], "{:.0f}") if "pages" in one else "",
            spread(one["peak_mib"], "{:.0f}"),
        ]
        for suffix, one in part["figures"].items()
    ]
    return (
        f"One file of each format with the same {part['characters'] / 1e6:.1f} million characters, "
        "written by the format's\nown library, read once in a separate process, imports included, "
        f"on {part['machine']['processor']}\n(mean load {part['load']:.0f} on "
        f"{part['machine']['cores']} cores). The encoder above takes less than 0.2 million "
        "characters\na second, so none of these slows it down. A real report may: pypdf takes up "
        "to 0.1 s for a page\nof tables, and `--pdf-engine pdfium` a tenth of that.\n\n"
        "    python benchmarks/reading.py\n\n"
        + table(
            [
                "file",
                "MB per CPU second",
                "million characters per CPU second",
                "pages per CPU second",
                "peak MiB",
            ],
            rows,
        )
    )


def _storage(part: Results) -> str:
    sizes = {int(passages): one for passages, one in part["sizes"].items()}
    columns = [(size, which) for size in sorted(sizes) for which in ("here", "against")]
    rows: list[Row] = []
    for label, known in next(iter(sizes.values()))["steps"].items():
        steps = [sizes[size]["steps"][label][which] for size, which in columns]
        for key, shown in (
            ("seconds", "{:.2f} s"),
            ("cpu", "{:.2f} s of CPU"),
            ("reading", "{:.4f} s for reading the texts"),
            ("read", "{:,} bytes read"),
            ("written", "{:,} bytes written"),
            ("MiB", "{:.0f} MiB at most"),
            ("disk", "{:,} bytes on the disk"),
            ("peak disk", "at most {:.2f} times that meanwhile"),
        ):
            if key in known["here"]:
                rows.append([label, *(shown.format(step[key]) for step in steps)])
                label = ""
    at_once = " and ".join(f"{size:,}" for size in sorted(sizes) if sizes[size]["at once"])
    remark = (
        f"Both first indexes of {at_once} passages were made at the same time (`--at-once`): only "
        "their CPU\nseconds compare.\n\n"
    )
    loads = " and ".join(f"{sizes[size]['load']:.0f}" for size in sorted(sizes))
    heads = {"here": "here", "against": "format 2"}
    return (
        "Folders with synthetic vectors of 384 dimensions, some of their passages in six files of "
        "4 MB,\ncompared with format 2 of the store (commit 3655899), step by step in turns; the "
        "fastest of several\nrounds. Bytes are those the process requested from the system, its "
        f"own modules included (mean\nload {loads} on {part['machine']['cores']} cores).\n\n"
        "    python benchmarks/storage.py --paragraphs N --against OTHER_CHECKOUT [--at-once]\n\n"
        + (remark if at_once else "")
        + table(["", *(f"{size:,} passages, {heads[which]}" for size, which in columns)], rows)
    )


_PARTS: tuple[tuple[str, str, Callable[[Results], str]], ...] = (
    ("cold", "A cold query", _cold),
    ("index", "Indexing", _index),
    ("reading", "Reading", _reading),
    ("rerank", "Reranking", _rerank),
    ("warm", "Warm queries", _warm),
    ("serving", "Through a server", _serving),
    ("start", "Commands that need no model", _start),
    ("quality", "Quality of the fast runtime", _quality),
    ("gpu", "On a GPU", _gpu),
    ("storage", "The store", _storage),
    ("scaling", "Cost against size", _scaling),
)


def ratio(figures: Results, one: str, other: str, key: str) -> float:
    """Median of one over median of another."""
    return float(figures[one][key]["median"] / figures[other][key]["median"])


def spread(one: Results, form: str, scale: float = 1) -> str:
    """A median with the least and the most."""
    median, least, most = (form.format(one[key] * scale) for key in ("median", "least", "most"))
    return f"{median} ({least} to {most})"


def table(head: Row, rows: Sequence[Row]) -> str:
    """A table in Markdown, figures to the right."""
    lines = [head, ["---", *("---:" for _ in head[1:])], *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
