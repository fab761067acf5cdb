"""Writes a mixture of experts with random weights in the shape of Qwen3-30B-A3B, so that its speed and its place in
memory can be measured without the weights, and a small one for tests.

What it writes makes no sense; what it costs is what the real one costs: the tensors have the same shapes, and the formats
that Q4_K_M gives them. Blocks are random within what a quantised block can be, scaled so that values stay of one size
from layer to layer. The tokeniser comes from a model that has one.
"""

import argparse

import gguf
import numpy

FLOAT = gguf.GGMLQuantizationType.F32
FEW = gguf.GGMLQuantizationType.Q4_K
MORE = gguf.GGMLQuantizationType.Q6_K
ARCHITECTURE = "qwen3moe"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", help="the model whose tokeniser it gets")
    parser.add_argument("target")
    for name, value in [
        ("layers", 48),
        ("width", 2048),
        ("heads", 32),
        ("kv-heads", 4),
        ("head", 128),
        ("experts", 128),
        ("used", 8),
        ("feed-forward", 768),
        ("context", 40_960),
    ]:
        parser.add_argument(f"--{name}", type=int, default=value)
    return parser.parse_args()


def copy_tokeniser(source, writer):
    """Copies the tokeniser and gives the size of its vocabulary."""
    for field in source.fields.values():
        if field.name.startswith("tokenizer."):
            kind = field.types[0]
            element = field.types[-1] if kind == gguf.GGUFValueType.ARRAY else None
            writer.add_key_value(field.name, field.contents(), kind, sub_type=element)
    return len(source.fields["tokenizer.ggml.tokens"].data)


def add_metadata(writer, asked):
    writer.add_name(f"Random mixture of {asked.layers} layers")
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q4_K_M)
    writer.add_block_count(asked.layers)
    writer.add_context_length(asked.context)
    writer.add_embedding_length(asked.width)
    writer.add_feed_forward_length(asked.feed_forward * asked.used)
    writer.add_head_count(asked.heads)
    writer.add_head_count_kv(asked.kv_heads)
    writer.add_key_length(asked.head)
    writer.add_value_length(asked.head)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_freq_base(1e6)
    writer.add_expert_count(asked.experts)
    writer.add_expert_used_count(asked.used)
    writer.add_expert_feed_forward_length(asked.feed_forward)


def shapes(asked, vocabulary):
    """Name, shape and format of each tensor; the last number of a shape is the length of a row."""
    queries, keys = asked.heads * asked.head, asked.kv_heads * asked.head
    width, inner, experts = asked.width, asked.feed_forward, asked.experts
    eighth = asked.layers // 8
    yield "token_embd", (vocabulary, width), FEW
    for layer in range(asked.layers):
        # As llama.cpp's quantiser chooses where Q4_K_M spends more bits.
        often = layer < eighth or layer >= 7 * asked.layers // 8 or (layer - eighth) % 3 == 2
        fine = MORE if often else FEW
        block = f"blk.{layer}"
        yield f"{block}.attn_norm", (width,), FLOAT
        yield f"{block}.attn_q", (queries, width), FEW
        yield f"{block}.attn_k", (keys, width), FEW
        yield f"{block}.attn_v", (keys, width), fine
        yield f"{block}.attn_q_norm", (asked.head,), FLOAT
        yield f"{block}.attn_k_norm", (asked.head,), FLOAT
        yield f"{block}.attn_output", (width, queries), FEW
        yield f"{block}.ffn_norm", (width,), FLOAT
        yield f"{block}.ffn_gate_inp", (experts, width), FLOAT
        yield f"{block}.ffn_gate_exps", (experts, inner, width), FEW
        yield f"{block}.ffn_up_exps", (experts, inner, width), FEW
        yield f"{block}.ffn_down_exps", (experts, width, inner), fine
    yield "output_norm", (width,), FLOAT
    yield "output", (vocabulary, width), MORE


def quantised(random, shape, kind):
    """Random blocks whose values have a standard deviation of one over the root of a row's length."""
    elements, size = gguf.GGML_QUANT_SIZES[kind]
    if shape[-1] % elements:
        raise SystemExit(f"rows of {shape[-1]} are no multiple of {elements}, the block of {kind.name}")
    blocks = numpy.prod(shape, dtype=int) // elements
    part = numpy.frombuffer(random.bytes(blocks * size), numpy.uint8).reshape(-1, size).copy()
    deviation = 1 / numpy.sqrt(shape[-1])
    if kind == FEW:
        # A value is d·s·q - dmin·m with s and m below 64 and q below 16; this dmin makes the mean nothing.
        part[:, 0:4] = numpy.array([deviation / 255, 7.5 * deviation / 255], numpy.float16).view(numpy.uint8)
    else:
        # A value is d·s·(q - 32) with s a signed byte and q below 64.
        part[:, -2:] = numpy.array([deviation / 1369], numpy.float16).view(numpy.uint8)
    return part.reshape(*shape[:-1], -1)


def values(random, shape, kind):
    if kind != FLOAT:
        return quantised(random, shape, kind)
    if len(shape) == 1:
        return numpy.ones(shape, numpy.float32)
    return random.standard_normal(shape, numpy.float32) / numpy.sqrt(numpy.float32(shape[-1]))


def main():
    asked = arguments()
    source = gguf.GGUFReader(asked.source)
    writer = gguf.GGUFWriter(asked.target, ARCHITECTURE)
    vocabulary = copy_tokeniser(source, writer)
    add_metadata(writer, asked)
    random = numpy.random.default_rng(1)
    known = {}
    for name, shape, kind in shapes(asked, vocabulary):
        # One set of blocks serves all tensors of a shape; routers differ, so that each layer chooses experts of its own.
        key = (name if kind == FLOAT else shape, kind)
        if key not in known:
            known[key] = values(random, shape, kind)
        writer.add_tensor(f"{name}.weight", known[key], raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


main()
