"""A small playlist parser of the tests' own."""

from dataclasses import dataclass, field


@dataclass
class ParsedSegment:
    uri: str = ""
    duration_s: float = 0.0
    parts: list[tuple[str, float, bool]] = field(default_factory=list)
    map_uri: str = ""
    discontinuity: bool = False


@dataclass
class Parsed:
    tags: dict[str, str] = field(default_factory=dict)
    segments: list[ParsedSegment] = field(default_factory=list)
    open_parts: list[tuple[str, float, bool]] = field(default_factory=list)
    skipped: int = 0
    ended: bool = False


def attributes(value: str) -> dict[str, str]:
    found, quoted, current = {}, False, ""
    for character in value + ",":
        if character == '"':
            quoted = not quoted
        elif character == "," and not quoted:
            name, _, content = current.partition("=")
            found[name] = content
            current = ""
        else:
            current += character
    return found


def parse(text: str) -> Parsed:
    lines = text.splitlines()
    assert lines[0] == "#EXTM3U"
    result, segment, current_map = Parsed(), ParsedSegment(), ""
    for line in lines[1:]:
        if not line.startswith("#"):
            segment.uri, segment.map_uri = line, current_map
            result.segments.append(segment)
            segment = ParsedSegment()
            continue
        name, _, value = line[1:].partition(":")
        if name == "EXTINF":
            segment.duration_s = float(value.rstrip(","))
        elif name == "EXT-X-PART":
            found = attributes(value)
            segment.parts.append((found["URI"], float(found["DURATION"]), "INDEPENDENT" in found))
        elif name == "EXT-X-MAP":
            current_map = attributes(value)["URI"]
        elif name == "EXT-X-DISCONTINUITY":
            segment.discontinuity = True
        elif name == "EXT-X-SKIP":
            result.skipped = int(attributes(value)["SKIPPED-SEGMENTS"])
        elif name == "EXT-X-ENDLIST":
            result.ended = True
        else:
            result.tags[name] = value
    result.open_parts = segment.parts
    return result
