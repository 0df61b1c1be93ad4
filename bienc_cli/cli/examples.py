"""Example command lines, shown at the end of each command's help."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Example:
    """A command line and its purpose."""

    line: str
    text: str


EXAMPLES: Mapping[str, tuple[Example, ...]] = MappingProxyType(
    {
        "bienc": (
            Example("bienc index docs", "index a folder"),
            Example('bienc query "how do I undo a commit"', "ask"),
            Example("bienc help query", "read about a command"),
        ),
        "index": (
            Example("bienc index docs notes.md", "a folder and a file"),
            Example("bienc index", "bring what is indexed up to date"),
            Example("bienc index . --exclude 'drafts/' --max-size 10", "leave some out"),
            Example("git ls-files -z | bienc index - -0", "only what git tracks"),
            Example("bienc index --watch", "follow changes until Ctrl-C"),
        ),
        "query": (
            Example('bienc query "how do I undo a commit"', "the ten best passages"),
            Example('bienc query "rail fares" -k 3 --full', "three, whole"),
            Example('bienc query "rail fares" --path handbook/ --type pdf', "only in these files"),
            Example('bienc query "rail fares" --no-rerank', "in milliseconds"),
            Example("bienc query - --format plain < queries.tsv", "many queries, for a script"),
        ),
        "similar": (
            Example("bienc similar handbook/leave.md", "documents like this one"),
            Example("bienc similar handbook/leave.md:20", "passages like the one at line 20"),
            Example("bienc similar - < draft.txt", "like a text from elsewhere"),
        ),
        "pairs": (
            Example("bienc pairs --exact", "the same text twice"),
            Example(
                "bienc pairs --min-similarity 0.8 --min-shared 0.5", "duplicates and their variants"
            ),
            Example("bienc pairs --between 'v1/' --with 'v2/'", "one in each of two folders"),
        ),
        "compare": (
            Example('bienc compare "rail fares"', "two rankings side by side"),
            Example('bienc compare "rail fares" --strategies bm25,bi,blend', "name them"),
            Example(
                "bienc compare --queries q.tsv --qrels q.qrels --report report.html",
                "measure quality, and write a page",
            ),
            Example(
                "bienc compare --queries q.tsv --qrels q.qrels --fail-under nDCG@10=0.6",
                "fail in CI where it is worse",
            ),
        ),
        "judge": (
            Example('bienc judge "rail fares" "night shifts"', "one key per passage"),
            Example("bienc judge --queries q.tsv --qrels q.qrels", "from a file; or continue"),
        ),
        "tune": (
            Example("bienc tune --queries q.tsv --qrels q.qrels", "learn, and keep it if it helps"),
            Example("bienc tune --reset", "back to the defaults"),
        ),
        "score": (
            Example(
                'bienc score "What is the capital of France?" "Paris is."', "a query, a passage"
            ),
            Example("bienc score - --format jsonl < pairs.jsonl", "many pairs"),
        ),
        "serve": (
            Example("bienc serve", "queries are answered at once, until nobody asks for long"),
            Example("bienc serve --http 127.0.0.1:0 --open", "a page to search in"),
            Example("bienc serve --stop", "end the one that is running"),
        ),
        "mcp": (
            Example("bienc mcp", "the command for an agent to start"),
            Example("bienc mcp --index ~/notes/.bienc", "on an index elsewhere"),
        ),
        "classify": (
            Example("bienc classify --labels invoice,contract", "documents by labels of your own"),
            Example(
                "bienc classify - --cross-encoder MODEL < pairs.jsonl",
                "pairs by a model's labels, such as entailment",
            ),
        ),
        "info": (
            Example("bienc info", "what is indexed here"),
            Example("bienc info --skipped", "which files could not be read, and why"),
            Example("bienc info --settings", "the settings in effect, and where each was set"),
        ),
        "models": (Example("bienc models", "which there are, and which are ready"),),
        "check": (
            Example("bienc check", "verify"),
            Example("bienc check --repair", "and repair"),
        ),
        "remove": (
            Example("bienc remove docs/old.md", "forget a file"),
            Example("bienc remove docs", "forget a folder and no longer cover it"),
        ),
    }
)
