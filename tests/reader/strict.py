"""Strict JSON, base64 and the reading of fields: SPEC.md 1.2, 3.1, 4.4 and section 10."""
import base64
import json
import re

BUNDLE_BYTES, TRUST_BYTES = 262_144, 1_048_576
STATEMENT_BYTES, METADATA_BYTES = 196_608, 786_432
NESTING = 32
STRING_BYTES, ID_BYTES, COMMENT_BYTES = 4_096, 256, 16_384
U64 = 2**64 - 1


class Refused(Exception):
    """What a reader must refuse, with the code where the specification gives one."""

    def __init__(self, why, code=None, out=None):
        super().__init__(why)
        self.code, self.out = code, out


def need(condition, why):
    if not condition:
        raise Refused(why)


def text(raw):
    try:
        return raw.decode("utf-8", "strict")
    except UnicodeDecodeError as error:
        raise Refused(str(error)) from None


def pairs(items):
    found = {}
    for key, value in items:
        need(key not in found, f"{key} stands twice")
        found[key] = value
    return found


def constant(name):
    raise Refused(f"{name} is no JSON")


def number(digits):
    # A number beyond a double's range is refused however it is written.
    need(float(digits) not in (float("inf"), float("-inf")), "a number beyond a double")
    whole = digits.lstrip("-").isdigit()
    return int(digits) if whole and len(digits) < 400 else float(digits)


def check_value(value, depth):
    if isinstance(value, str):
        need(not any(0xD800 <= ord(c) <= 0xDFFF for c in value), "half of a surrogate pair")
        return
    if isinstance(value, (dict, list)):
        need(depth <= NESTING, "nested too deeply")
        if isinstance(value, dict):
            for key in value:
                check_value(key, depth)
            value = value.values()
        for item in value:
            check_value(item, depth + 1)


def read_json(raw, limit):
    need(len(raw) <= limit, "over the limit")
    words = text(raw)
    need(not words.startswith("\ufeff"), "a byte order mark")
    try:
        value = json.loads(words, object_pairs_hook=pairs, parse_constant=constant,
                           parse_int=number, parse_float=number)
    except RecursionError:
        raise Refused("nested too deeply") from None
    except ValueError as error:
        raise Refused(str(error)) from None
    check_value(value, 1)
    return value


def read_base64(words):
    need(re.fullmatch(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?", words),
         "no base64")
    raw = base64.b64decode(words)
    need(base64.b64encode(raw).decode() == words, "bits left over")
    return raw


# Fields of an object: each reader takes the object and the field's name.
REQUIRED = object()


def field(thing, name, reader, default=REQUIRED):
    need(isinstance(thing, dict), "no object")
    if name not in thing:
        need(default is not REQUIRED, f"{name} is missing")
        return default
    return reader(thing[name])


def exactly(thing, names):
    need(isinstance(thing, dict), "no object")
    unknown = set(thing) - set(names)
    need(not unknown, f"unknown {sorted(unknown)}")


def string(limit=STRING_BYTES, empty=True):
    def read(value):
        need(isinstance(value, str), "no string")
        need(len(value.encode()) <= limit, "a long string")
        need(empty or value, "an empty string")
        return value
    return read


def array(reader, limit, least=0):
    def read(value):
        need(isinstance(value, list), "no array")
        need(least <= len(value) <= limit, "too many or too few")
        return [reader(item) for item in value]
    return read


def one_of(*words):
    def read(value):
        need(isinstance(value, str) and value in words, f"none of {words}")
        return value
    return read


def boolean(value):
    need(isinstance(value, bool), "no boolean")
    return value


def unsigned(least=0):
    def read(value):
        need(isinstance(value, int) and not isinstance(value, bool), "no integer")
        need(least <= value <= U64, "out of range")
        return value
    return read


def digest(value):
    need(isinstance(value, str) and re.fullmatch(r"[0-9a-f]{64}", value), "no digest")
    return value


def commit_id(value):
    need(isinstance(value, str) and re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", value), "no commit id")
    return value


TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(\.\d{1,9})?Z", re.ASCII)


def time(value):
    """A time as whole seconds since 1970 and a fraction."""
    import calendar
    need(isinstance(value, str), "no string")
    found = TIME.fullmatch(value)
    need(found, "no time")
    year, month, day, hour, minute, second = (int(part) for part in found.groups()[:6])
    need(1 <= month <= 12 and hour < 24 and minute < 60 and second < 60, "no time")
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    days = [31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
    need(1 <= day <= days, "no day")
    fraction = float(found.group(7) or 0)
    shifted = year + 400 if year < 1970 else year
    seconds = calendar.timegm((shifted, month, day, hour, minute, second))
    return seconds - (146_097 * 86_400 if year < 1970 else 0) + fraction
