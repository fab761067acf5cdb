#!/usr/bin/env python3
"""Compares how devtoolkit renders chat templates with how Python's Jinja does.

    compare_templates.py RENDER TEMPLATE...

RENDER is the example program `render` of devtoolkit-agent (`cargo build -p devtoolkit-agent --example render`), a
TEMPLATE a Jinja file, or a GGUF file that has one. Needs the Python package `jinja2`. The environment is set up as
the `transformers` library does it. Exits with 1 where a rendering differs.
"""

import datetime
import difflib
import json
import struct
import subprocess
import sys
import tempfile

import jinja2
import jinja2.ext
import jinja2.sandbox

GGUF_SIZES = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}


class Generation(jinja2.ext.Extension):
    """Blocks that mark what a model is trained on; here they mean nothing."""

    tags = {"generation"}

    def parse(self, parser):
        next(parser.stream)
        return parser.parse_statements(["name:endgeneration"], drop_needle=True)


class Raised(Exception):
    pass


def environment(now):
    def raise_exception(text):
        raise Raised(text)

    def tojson(value, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
        return json.dumps(
            value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys
        )

    made = jinja2.sandbox.ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, "jinja2.ext.loopcontrols"]
    )
    made.filters["tojson"] = tojson
    made.globals["raise_exception"] = raise_exception
    made.globals["strftime_now"] = datetime.datetime.fromtimestamp(now, datetime.timezone.utc).strftime
    return made


def expected(source, line):
    values = {"messages": line["messages"], "tools": line["tools"], "add_generation_prompt": True}
    values |= {"bos_token": "<s>", "eos_token": "</s>"}
    if line["thinking"] is not None:
        values |= {"enable_thinking": line["thinking"], "thinking": line["thinking"]}
    try:
        return environment(line["now"]).from_string(source).render(**values)
    except (Raised, jinja2.TemplateError, TypeError, RecursionError) as error:
        return error


def template_of(path):
    """The template in a file."""
    if not path.endswith(".gguf"):
        with open(path, encoding="utf-8") as file:
            return file.read()
    with open(path, "rb") as file:
        return gguf_template(file)


def gguf_template(file):
    def number(kind):
        return struct.unpack("<" + kind, file.read(struct.calcsize("<" + kind)))[0]

    def text():
        return file.read(number("Q")).decode("utf-8", "replace")

    def value(kind):
        if kind == 8:
            return text()
        if kind == 9:
            inner, count = number("I"), number("Q")
            return [value(inner) for _ in range(count)]
        return number(GGUF_SIZES[kind])

    if file.read(4) != b"GGUF":
        raise SystemExit("not a GGUF file")
    _version, _tensors, pairs = number("I"), number("Q"), number("Q")
    for _ in range(pairs):
        name, kind = text(), number("I")
        found = value(kind)
        if name == "tokenizer.chat_template":
            return found
    raise SystemExit("no chat template")


def compare(render, path):
    source = template_of(path)
    with tempfile.NamedTemporaryFile("w", suffix=".jinja", encoding="utf-8") as file:
        file.write(source)
        file.flush()
        lines = subprocess.run([render, file.name], check=True, capture_output=True, text=True).stdout
    same, refused, lenient, different = 0, 0, 0, 0
    form = "?"
    for line in map(json.loads, lines.splitlines()):
        form = line.get("format", form)
        want = expected(source, line) if "messages" in line else "a template that can be read"
        if isinstance(want, Exception) and "error" in line:
            refused += 1
            print(f"  {line['sample']}: refused: {want}\n    {line['error']}")
        elif isinstance(want, TypeError) and "text" in line:
            # Python goes through no list that is none; ours takes it for empty.
            lenient += 1
        elif "error" not in line and line["text"] == want:
            same += 1
        else:
            different += 1
            print(f"  {line['sample']} (thinking {line.get('thinking')}):")
            got = line.get("text", line.get("error"))
            for row in difflib.unified_diff(str(want).splitlines(), str(got).splitlines(), "jinja2", "ours", lineterm="", n=1):
                print("    " + row[:300])
    print(f"{path}: {form}, {same} same, {refused} refused by both, {lenient} by Python alone, {different} different")
    return different


def main(arguments):
    if len(arguments) < 2:
        raise SystemExit(__doc__)
    return 1 if sum(compare(arguments[0], path) for path in arguments[1:]) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
