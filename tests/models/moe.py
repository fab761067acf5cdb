"""Makes a mixture of experts out of a small dense model, so that tests can run a real one.

Every expert is a copy of the dense layer's feed-forward network. llama.cpp scales the weights of the chosen experts of
the `llama` architecture to a sum of one, so the mixture must say what the dense model says, whatever its router picks;
the router itself is random, and so different experts are used for different tokens. With `--dense` the model stays as it
is; with `--f32` all weights are written as 32-bit floats, in which the two can be compared closely.
"""

import argparse

import gguf
import numpy

FEED_FORWARD = ("ffn_gate", "ffn_up", "ffn_down")
FLOAT = gguf.GGMLQuantizationType.F32


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source")
    parser.add_argument("target")
    parser.add_argument("--experts", type=int, default=4)
    parser.add_argument("--used", type=int, default=2)
    parser.add_argument("--dense", action="store_true")
    parser.add_argument("--f32", action="store_true")
    return parser.parse_args()


def copy_metadata(source, writer, asked):
    for field in source.fields.values():
        # The header's own numbers are written anew.
        if field.name.startswith("GGUF.") or field.name == "general.architecture":
            continue
        kind = field.types[0]
        element = field.types[-1] if kind == gguf.GGUFValueType.ARRAY else None
        writer.add_key_value(field.name, field.contents(), kind, sub_type=element)
    if not asked.dense:
        writer.add_expert_count(asked.experts)
        writer.add_expert_used_count(asked.used)


def tensors(source, asked):
    """Name, values and type of each tensor of the new model."""
    random = numpy.random.default_rng(1)
    for tensor in source.tensors:
        values, kind = tensor.data, tensor.tensor_type
        if asked.f32 and kind != FLOAT:
            values, kind = gguf.dequantize(values, kind).astype(numpy.float32), FLOAT
        block, _, part = tensor.name.removesuffix(".weight").rpartition(".")
        if asked.dense or part not in FEED_FORWARD:
            yield tensor.name, values, kind
            continue
        yield f"{block}.{part}_exps.weight", numpy.stack([values] * asked.experts), kind
        if part == "ffn_gate":
            width = int(tensor.shape[0])
            router = random.standard_normal((asked.experts, width)) / numpy.sqrt(width)
            yield f"{block}.ffn_gate_inp.weight", router.astype(numpy.float32), FLOAT


def main():
    asked = arguments()
    source = gguf.GGUFReader(asked.source)
    architecture = source.fields["general.architecture"].contents()
    if architecture != "llama":
        raise SystemExit(f"{asked.source} is of architecture {architecture}; only llama is turned into a mixture")
    writer = gguf.GGUFWriter(asked.target, architecture)
    copy_metadata(source, writer, asked)
    for name, values, kind in tensors(source, asked):
        writer.add_tensor(name, values, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


main()
