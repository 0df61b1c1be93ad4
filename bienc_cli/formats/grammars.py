"""The languages with a tree-sitter grammar, and the queries for their definitions.

Captures of the queries:

- `@scope`: a definition that contains others
- `@function`: a definition that is read as a whole
- `@value`: an assignment that names an anonymous function
- `@around`: what encloses one definition: decorators, `export`, template parameters
- `@before`: attributes that precede a definition
- `@title`: the file's own description
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


@dataclass(frozen=True, slots=True, eq=False)
class Grammar:
    """One language.

    Attributes:
        module: name of the module with the grammar; imported when a file needs it.
        query: finds definitions.
        language: name of the module's function that returns the grammar.
        named: keyword to put before a definition's name, by kind of node; definitions of other
            kinds are titled with the text before their body.
        end: where a definition has certainly ended, whatever the grammar says.
    """

    module: str
    query: str
    language: str = "language"
    named: Mapping[str, str] = field(default_factory=dict)
    end: re.Pattern[str] | None = None


def _captures(scopes: str = "", functions: str = "", around: str = "", more: str = "") -> str:
    captured = [
        f"({kind}) @{role}"
        for role, kinds in (("scope", scopes), ("function", functions), ("around", around))
        for kind in kinds.split()
    ]
    return "\n".join([*captured, more])


_PYTHON = Grammar(
    "tree_sitter_python",
    _captures(
        "class_definition",
        "function_definition",
        "decorated_definition",
        "(module . (comment)* . (expression_statement (string (string_content) @title)))",
    ),
    named={"class_definition": "class", "function_definition": "def"},
)

# A function assigned to a name, perhaps wrapped once: `memo(() => ...)`. Each needs a pattern of
# its own: alternatives inside one pattern let other values through.
_FUNCTIONS = (
    "(arrow_function)",
    "(function_expression)",
    "(generator_function)",
    "(call_expression arguments: (arguments (arrow_function)))",
    "(call_expression arguments: (arguments (function_expression)))",
)
_ECMASCRIPT = "\n".join(
    pattern % value
    for value in _FUNCTIONS
    for pattern in (
        "(lexical_declaration (variable_declarator value: %s)) @value",
        "(variable_declaration (variable_declarator value: %s)) @value",
        "(expression_statement (assignment_expression right: %s)) @value",
        "(pair value: %s) @value",
    )
)
_JAVASCRIPT = Grammar(
    "tree_sitter_javascript",
    _captures(
        "class_declaration",
        "function_declaration generator_function_declaration method_definition",
        "export_statement",
        _ECMASCRIPT + "\n(field_definition value: (arrow_function)) @value",
    ),
)
_TYPESCRIPT_QUERY = _captures(
    "class_declaration abstract_class_declaration internal_module module",
    "function_declaration generator_function_declaration method_definition function_signature "
    "interface_declaration enum_declaration type_alias_declaration",
    "export_statement ambient_declaration",
    _ECMASCRIPT + "\n(public_field_definition value: (arrow_function)) @value",
)
_TYPESCRIPT = Grammar("tree_sitter_typescript", _TYPESCRIPT_QUERY, "language_typescript")
_TSX = Grammar("tree_sitter_typescript", _TYPESCRIPT_QUERY, "language_tsx")

_GO = Grammar(
    "tree_sitter_go",
    _captures(
        functions="function_declaration method_declaration",
        # Inside brackets, each is a separate definition.
        more="""
            (type_declaration "type" . (type_spec)) @function
            (type_declaration "type" . (type_alias)) @function
            (type_declaration "(" (type_spec) @function)
            (type_declaration "(" (type_alias) @function)
        """,
    ),
)
_RUST = Grammar(
    "tree_sitter_rust",
    _captures(
        "impl_item trait_item",
        "function_item function_signature_item struct_item enum_item union_item macro_definition",
        more="(mod_item body: (_)) @scope (attribute_item) @before "
        "(source_file . (line_comment inner: (_) doc: (doc_comment) @title))",
    ),
)
_JAVA = Grammar(
    "tree_sitter_java",
    _captures(
        "class_declaration interface_declaration enum_declaration record_declaration "
        "annotation_type_declaration",
        "method_declaration constructor_declaration compact_constructor_declaration",
    ),
    named={"annotation_type_declaration": "@interface"},
)
_C_TYPES = """
    (struct_specifier body: (_)) @{role}
    (union_specifier body: (_)) @{role}
    (enum_specifier body: (_)) @function
"""
_C = Grammar(
    "tree_sitter_c",
    _captures(
        functions="function_definition type_definition", more=_C_TYPES.format(role="function")
    ),
)
_CPP = Grammar(
    "tree_sitter_cpp",
    _captures(
        "namespace_definition",
        "function_definition type_definition concept_definition alias_declaration",
        "template_declaration",
        _C_TYPES.format(role="scope") + "(class_specifier body: (_)) @scope",
    ),
)
_C_SHARP = Grammar(
    "tree_sitter_c_sharp",
    _captures(
        "namespace_declaration class_declaration struct_declaration interface_declaration "
        "record_declaration",
        "enum_declaration method_declaration constructor_declaration destructor_declaration "
        "operator_declaration property_declaration indexer_declaration delegate_declaration "
        "local_function_statement",
    ),
)
_RUBY = Grammar(
    "tree_sitter_ruby",
    _captures(
        "class module singleton_class",
        "method singleton_method",
        # `private def f`.
        more="""
            (call arguments: (argument_list . (method) .)) @around
            (call arguments: (argument_list . (singleton_method) .)) @around
        """,
    ),
)
_PHP = Grammar(
    "tree_sitter_php",
    _captures(
        "class_declaration interface_declaration trait_declaration",
        "enum_declaration function_definition method_declaration",
    ),
    "language_php",
)
_KOTLIN = Grammar(
    "tree_sitter_kotlin",
    _captures("class_declaration object_declaration companion_object", "function_declaration"),
)
_SWIFT = Grammar(
    "tree_sitter_swift",
    _captures(
        "class_declaration protocol_declaration",
        "function_declaration init_declaration deinit_declaration subscript_declaration "
        "protocol_function_declaration",
    ),
)
_BASH = Grammar("tree_sitter_bash", _captures(functions="function_definition"))
_SQL = Grammar(
    "tree_sitter_sql",
    _captures(
        functions="create_table create_view create_materialized_view create_function "
        "create_procedure create_trigger create_type create_index"
    ),
    # The ends of statements for clients of MySQL and SQL Server.
    end=re.compile(
        r"(?im)^(?=DELIMITER\b|GO[ \t]*$)|^[ \t]*END[ \t]*(?:\$\$|//)[ \t]*\n(?!\s*LANGUAGE)"
    ),
)

GRAMMARS: Mapping[str, Grammar] = MappingProxyType(
    {
        suffix: grammar
        for grammar, suffixes in (
            (_PYTHON, ".py .pyi"),
            (_JAVASCRIPT, ".js .mjs .cjs .jsx"),
            (_TYPESCRIPT, ".ts .mts .cts"),
            (_TSX, ".tsx"),
            (_GO, ".go"),
            (_RUST, ".rs"),
            (_JAVA, ".java"),
            (_C, ".c"),
            # A header may be C or C++; the grammar of C++ reads both.
            (_CPP, ".h .cc .cpp .cxx .hh .hpp .hxx .cu .cuh"),
            (_C_SHARP, ".cs"),
            (_RUBY, ".rb"),
            (_PHP, ".php"),
            (_KOTLIN, ".kt .kts"),
            (_SWIFT, ".swift"),
            (_BASH, ".sh .bash"),
            (_SQL, ".sql"),
        )
        for suffix in suffixes.split()
    }
)
"""Grammars by file suffix, lower case."""
