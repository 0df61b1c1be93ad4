"""Components of MDX: what they are labelled heads what is in them, and nothing behind."""

from pathlib import Path

import pytest

from bienc_cli.chunking.chunker import chunk
from bienc_cli.chunking.outline import Outline
from bienc_cli.types import ChunkingParameters
from fakes import FakeTokenizer
from reader_samples import block_texts, outline, read_one

TABS = """\
## Outer

before

<Tabs groupId={x => x > 1}>
{0}<TabItem value="mac" label="macOS">

{0}inside one

{0}</TabItem>
{0}<TabItem value='win' label='Windows' default>

### Deep

inside two

{0}</TabItem>
</Tabs>

behind
"""


def read(tmp_path, source, name="a.mdx"):
    path = tmp_path / name
    path.write_text(source)
    return read_one(path)


def trail_of(document, words):
    return Outline(document.headings).trail(document.text.index(words))


@pytest.mark.parametrize("indent", ["", "  ", "    ", "\t"])
def test_tabs(tmp_path, indent):
    document = read(tmp_path, TABS.replace("{0}", indent))
    assert trail_of(document, "before") == ("Outer",)
    assert trail_of(document, "inside one") == ("Outer", "macOS")
    assert trail_of(document, "inside two") == ("Outer", "Deep")
    assert trail_of(document, "behind") == ("Outer",)
    cut = list(chunk(document, FakeTokenizer(), ChunkingParameters(64, 8)))
    assert [passage.text.split()[0] for passage in cut[1:3]] == ["<TabItem", "<TabItem"]


@pytest.mark.parametrize(
    "component",
    [
        '<Accordion title="Inner">\ninside\n</Accordion>',
        "<Step icon={<Icon.Play />} title={'Inner'}>\n\ninside\n\n</Step>",
        '<Card\n  title="Inner"\n  href="/x">\n  inside\n</Card>',
        '<Note>\n<Tab.Item label="Inner">\ninside\n</Tab.Item>\n</Note>',
        "<Note>\n\n### Inner\n\ninside\n\n</Note>",
        '</Never>\n\n<Tab title="Inner">\n\n<Badge title="x" />\n\ninside\n\n</Nor>\n\n</Tab>',
    ],
)
@pytest.mark.parametrize("name", ["a.mdx", "a.md"])
def test_a_label_heads_what_is_in_it(tmp_path, component, name):
    document = read(tmp_path, f"## Outer\n\nbefore\n\n{component}\n\nbehind\n", name)
    assert trail_of(document, "inside") == ("Outer", "Inner")
    assert trail_of(document, "behind") == ("Outer",)


@pytest.mark.parametrize(
    "component", ['<Tab title="Never closed">', '<Badge title="x" />', '<p title="x">', "<List<T>>"]
)
def test_what_labels_nothing(tmp_path, component):
    document = read(tmp_path, f"## Outer\n\n{component}\n\nbehind\n")
    assert trail_of(document, "behind") == ("Outer",)


def test_lines_that_are_set_in_are_code_in_markdown_alone(tmp_path):
    source = "words\n\n    # one\n\n    two\n"
    assert block_texts(read(tmp_path, source, "a.md")) == ["words", "# one\n\n    two"]
    assert [one.title for one in read(tmp_path, source).headings] == ["one"]


@pytest.mark.parametrize(
    ("begin", "end"),
    [
        ('{{% tab title="{}" %}}', "{% endtab %}"),
        ("{{%- tab title='{}' -%}}", "{%- endtab -%}"),
        ('{{{{< tab "{}" >}}}}', "{{< /tab >}}"),
        ('{{{{< tab lang="sh" header="{}" >}}}}', "{{< /tab >}}"),
        ('{{{{% expand title="{}" %}}}}', "{{% /expand %}}"),
    ],
)
def test_tabs_of_site_generators_are_headings_of_what_they_hold(
    tmp_path: Path, begin: str, end: str
) -> None:
    tabs = "\n\n".join(f"{begin.format(name)}\nUse {name}.\n{end}" for name in ("Linux", "Mac"))
    source = f"# Install\n\n{{{{< tabs >}}}}\n{tabs}\n{{{{< /tabs >}}}}\n\nAfter.\n"
    path = tmp_path / "a.md"
    path.write_text(source)
    document = read_one(path)
    assert outline(document) == [(1, "Install"), (2, "Linux"), (2, "Mac")]
    assert [document.text[h.end :].lstrip()[:1] for h in document.headings[1:]] == ["{", "{"]


def test_a_tag_that_is_never_closed_heads_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text('# Install\n\n{{< tab "Linux" />}}\n\n{% details title="More" %}\n\n## Below\n')
    assert outline(read_one(path)) == [(1, "Install"), (2, "Below")]
