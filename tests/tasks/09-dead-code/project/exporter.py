"""Measurements as files for other programs."""

import csv
import io
import json
import xml.etree.ElementTree as ElementTree
from dataclasses import asdict, dataclass
from datetime import datetime, timezone


@dataclass(frozen=True)
class Measurement:
    sensor: str
    seconds: float
    value: float


def _stamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def _rounded(value: float) -> str:
    text = f"{value:.3f}".rstrip("0").rstrip(".")
    return text or "0"


def _old_stamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%d.%m.%Y %H:%M")


def to_csv(measurements: list[Measurement]) -> str:
    """A table with a head; times in UTC."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["sensor", "time", "value"])
    for one in measurements:
        writer.writerow([one.sensor, _stamp(one.seconds), _rounded(one.value)])
    return out.getvalue()


def to_json(measurements: list[Measurement]) -> str:
    """One object a line."""
    return "".join(json.dumps(asdict(one)) + "\n" for one in measurements)


def to_xml(measurements: list[Measurement]) -> str:
    """What the old plotter read."""
    root = ElementTree.Element("measurements")
    for one in measurements:
        node = ElementTree.SubElement(root, "measurement", sensor=one.sensor)
        node.set("time", _old_stamp(one.seconds))
        node.text = str(one.value)
    return ElementTree.tostring(root, encoding="unicode")


FORMATS = {"csv": to_csv, "json": to_json}


def export(name: str, measurements: list[Measurement]) -> str:
    """The measurements in the format of this name.

    Raises KeyError where there is none.
    """
    return FORMATS[name](sorted(measurements, key=lambda one: (one.seconds, one.sensor)))
