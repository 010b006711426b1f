"""Which product a question means: its name, an alias, a kind of goods, a homophone, or 这个."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from ai.assistant.concepts import asked, of_label
from ai.assistant.models import Facts, Language, Product
from ai.assistant.text import has_han, normalize, pinyin, stem, table, words

_CONJUNCTION = re.compile(r"和|跟|与|、|还是|还有|\+|加上|\band\b|\bvs\b|\bor\b|\bthan\b|比")
DEICTIC = re.compile(
    r"这(个|款|只|件|双|台|盒|瓶|支|条|套|箱|把|袋|种|部|玩意|东西|宝贝)?|那(个|款)|\b(it|this|these|that|they|them)\b"
)
_NAME_NOISE = frozenset(
    [
        "the",
        "a",
        "an",
        "of",
        "for",
        "and",
        "with",
        "set",
        "kit",
        "pack",
        "box",
        "piece",
        "pro",
        "plus",
        "new",
        "mini",
        "max",
        "in",
        "on",
        "to",
    ]
)


@dataclass(frozen=True, slots=True)
class Resolution:
    """`named` says that the message itself names them; `rest` is the message without names.

    Several products: either all were named, or one name fits several (`ambiguous`).
    """

    products: tuple[Product, ...]
    named: bool
    ambiguous: bool
    rest: str
    spans: tuple[tuple[int, int], ...] = ()
    """Where the names stand in the message."""


@dataclass(frozen=True, slots=True)
class _Mention:
    start: int
    end: int
    products: tuple[Product, ...]


def resolve(text: str, facts: Facts, previous: str | None = None) -> Resolution:
    """The products that a normalized message is about."""
    mentions = list(_mentions(text, facts.products))
    context = [p for p in (facts.product(facts.pinned), facts.product(previous)) if p]
    if not mentions and not context:
        mentions = _starts(text, facts.products)
    mentions = [] if _about_it(text, mentions, context) else mentions
    rest = text
    for mention in sorted(mentions, key=lambda m: -m.start):
        rest = rest[: mention.start] + "\x00" + rest[mention.end :]
    rest = DEICTIC.sub("\x00", rest)
    if not mentions:
        return Resolution(tuple(context[:1]), False, False, rest)
    chosen: list[Product] = []
    ambiguous = False
    for mention in mentions:
        fitting = [p for p in context if p in mention.products]
        found = fitting[:1] or list(mention.products)
        ambiguous = ambiguous or len(found) > 1
        chosen.extend(p for p in found if p not in chosen)
    return Resolution(tuple(chosen), True, ambiguous, rest, tuple((m.start, m.end) for m in mentions))


_IT = re.compile(r"\b(?:it|they|them)\b")


def _about_it(text: str, mentions: Sequence[_Mention], context: Sequence[Product]) -> bool:
    """ "will it keep coffee hot" asks about what is shown, not about the coffee; "with the keyboard"
    and comparisons do name another product."""
    if not mentions or not context or has_han(text) or _CONJUNCTION.search(text):
        return False
    if any(context[0] in mention.products for mention in mentions):
        return False
    it = _IT.search(text)
    return it is not None and all(
        (it.end() <= m.start or re.search(r"\b(?:of|many|much) $", text[: m.start]))
        and not re.search(r"\b(?:the|your|that|this|those|these)(?: \S+)? $", text[: m.start])
        for m in mentions
    )


def _mentions(text: str, products: Sequence[Product]) -> Iterator[_Mention]:
    masked = text
    found: list[_Mention] = []
    levels = (_exact, _homophones, _english, _tails, _goods, _heads)
    for level in levels:
        if found and not (_CONJUNCTION.search(text) and level is not _heads):
            break
        for mention in level(masked, products):
            found.append(mention)
            span = mention.end - mention.start
            masked = masked[: mention.start] + "\x00" * span + masked[mention.end :]
    yield from sorted(found, key=lambda m: m.start)


def _names(product: Product) -> list[str]:
    return [n for n in map(normalize, (product.name, *product.aliases)) if len(n) >= 2]


def _exact(text: str, products: Sequence[Product]) -> list[_Mention]:
    by_name: dict[str, list[Product]] = {}
    for product in products:
        for name in [*_names(product), normalize(product.name_en)]:
            if len(name) >= 2 and product not in by_name.setdefault(name, []):
                by_name[name].append(product)
    found = []
    masked = text
    for name in sorted(by_name, key=len, reverse=True):
        start = masked.find(name)
        if start >= 0:
            found.append(_Mention(start, start + len(name), tuple(by_name[name])))
            masked = masked.replace(name, "\x00" * len(name))
    return found


def _homophones(text: str, products: Sequence[Product]) -> list[_Mention]:
    """Names written with other characters of the same sound: 烧水胡 for 烧水壶."""
    if not has_han(text):
        return []
    syllables = [pinyin(c)[0] if "\u4e00" <= c <= "\u9fff" else c for c in text]
    found = []
    for product in products:
        for name in sorted(_names(product), key=len, reverse=True):
            sound = [pinyin(c)[0] if "\u4e00" <= c <= "\u9fff" else c for c in name]
            if len(sound) < 2 or not has_han(name):
                continue
            at = next(
                (
                    i
                    for i in range(len(text) - len(sound) + 1)
                    if syllables[i : i + len(sound)] == sound
                    and (len(sound) > 2 or any(c in name for c in text[i : i + len(sound)]))
                ),
                None,
            )
            if at is not None:
                found.append(_Mention(at, at + len(sound), (product,)))
                break
    return found


def _english(text: str, products: Sequence[Product]) -> list[_Mention]:
    """By words of the English name, of which the last is what kind of thing it is."""
    tokens = [(m.start(), m.end(), stem(m.group(0))) for m in re.finditer(r"[a-z0-9'-]+", text)]
    present = {token for _, _, token in tokens}
    by_head: dict[str, list[tuple[int, Product, set[str]]]] = {}
    owners = Counter(w for p in products for w in {stem(w) for w in words(normalize(p.name_en))})
    for product in products:
        name = [stem(w) for w in words(normalize(product.name_en)) if w not in _NAME_NOISE]
        name += [stem(part) for w in name if "-" in w for part in w.split("-")]
        if not name:
            continue
        matched = {w for w in name if w in present or _near(w, present)}
        heads = _heads_of(product)
        head = next(iter(heads & (present | matched)), None) or _only_called(matched, owners)
        if head is None and len(matched) >= 2:
            head = max(matched, key=len)
        if head is not None:
            by_head.setdefault(head, []).append((len(matched), product, matched))
    found = []
    for rows in by_head.values():
        top = max(score for score, _, _ in rows)
        best = [product for score, product, _ in rows if score == top]
        used = set().union(*(matched for score, _, matched in rows if score == top))
        used -= {w for p in best for w in _label_words(p) - _heads_of(p)}
        spots = [(s, e) for s, e, token in tokens if token in used or _near(token, used)]
        if spots:
            found.append(_Mention(spots[0][0], spots[0][1], tuple(best)))
            found += [_Mention(s, e, tuple(best)) for s, e in spots[1:]]
    return found


def _label_words(product: Product) -> set[str]:
    """What the names of its attributes say asks for these: the burr of a burr grinder."""
    return {stem(w) for label in product.attributes for w in words(normalize(label))}


def _only_called(matched: set[str], owners: Mapping[str, int]) -> str | None:
    """A word that no other product's name has and that says nothing of material, colour or the like."""
    telling = [
        w
        for w in sorted(matched)
        if owners[w] <= 1
        and len(w) >= 4
        and not asked(w, Language.EN)
        and w not in table("lexicon")["glossary"]
    ]
    return telling[0] if telling else None


def _heads_of(product: Product) -> set[str]:
    """ "vacuum" and "mop" of "Robot Vacuum and Mop"."""
    parts = re.split(r"\b(?:and|with|for|in)\b|&|\+", normalize(product.name_en))
    named = ([w for w in words(part) if w not in _NAME_NOISE] for part in parts)
    return {stem(found[-1]) for found in named if found}


def _near(word: str, others: set[str]) -> bool:
    """One letter missing, doubled, changed or swapped, in words of six letters or more."""
    return len(word) >= 6 and any(
        abs(len(word) - len(other)) <= 1 and len(other) >= 5 and _one_edit(word, other) for other in others
    )


def _one_edit(a: str, b: str) -> bool:
    if a == b:
        return True
    i = 0
    while i < min(len(a), len(b)) and a[i] == b[i]:
        i += 1
    swapped = a[i + 1 : i + 2] == b[i : i + 1] and a[i : i + 1] == b[i + 1 : i + 2]
    return (
        a[i + 1 :] == b[i + 1 :]
        or a[i:] == b[i + 1 :]
        or a[i + 1 :] == b[i:]
        or (swapped and a[i + 2 :] == b[i + 2 :])
    )


def _tails(text: str, products: Sequence[Product]) -> list[_Mention]:
    """The end of a name of two or more characters: 面膜 for 玻尿酸补水面膜."""
    by_tail: dict[str, list[Product]] = {}
    for product in products:
        for name in _names(product):
            for size in range(min(len(name), 6), 1, -1):
                tail = name[-size:]
                if has_han(tail) and tail in text and product not in by_tail.setdefault(tail, []):
                    by_tail[tail].append(product)
    if not by_tail:
        return []
    found: list[_Mention] = []
    for tail in sorted(by_tail, key=len, reverse=True):
        start = text.find(tail)
        if not any(m.start <= start < m.end for m in found):
            found.append(_Mention(start, start + len(tail), tuple(by_tail[tail])))
    return found


@lru_cache(maxsize=1)
def _goods_words() -> tuple[re.Pattern[str], dict[str, tuple[str, ...]]]:
    groups: dict[str, tuple[str, ...]] = {}
    for group in table("lexicon")["goods"]["groups"]:
        for word in group:
            groups.setdefault(word, tuple(group))
    spoken = [w for w in sorted(groups, key=len, reverse=True) if len(w) > 1]
    parts = [
        re.escape(w) if has_han(w) else rf"(?<![a-z]){re.escape(w)}(?=(?:e?s)?(?![a-z]))" for w in spoken
    ]
    return re.compile("|".join(parts)), groups


@lru_cache(maxsize=4096)
def _belongs(names: tuple[str, ...], name_en: str, group: tuple[str, ...]) -> bool:
    english = [stem(w) for w in words(name_en)]
    for word in group:
        if has_han(word):
            if any(name.endswith(word) for name in names):
                return True
        elif " " in word:
            if name_en.endswith(word):
                return True
        elif english and stem(word) == english[-1]:
            return True
    return False


def _goods(text: str, products: Sequence[Product]) -> list[_Mention]:
    """Kinds of goods by other words than the catalogue's: 箱子, headphones."""
    pattern, groups = _goods_words()
    found: list[_Mention] = []
    for match in pattern.finditer(text):
        group = groups[match.group(0)]
        fitting = tuple(p for p in products if _belongs(tuple(_names(p)), normalize(p.name_en), group))
        if fitting:
            found.append(_Mention(match.start(), match.end(), fitting))
    return found


def _heads(text: str, products: Sequence[Product]) -> list[_Mention]:
    """One character for the kind of thing: 这双鞋, 锅多大, 刀子."""
    for match in re.finditer(
        r"(?:[这那一两几每\d]|^)[双把个台瓶口件条款部袋盒罐箱包张支盆辆副]?((?![子儿])[\u4e00-\u9fff])(?:子|儿)?",
        text,
    ):
        char = match.group(1)
        fitting = tuple(p for p in products if any(n.endswith(char) for n in _names(p)))
        if fitting:
            return [_Mention(match.start(1), match.end(), fitting)]
    return []


def _starts(text: str, products: Sequence[Product]) -> list[_Mention]:
    """The beginning of one product's name alone, unless it is a word for what can be asked: 挂耳, 珍珠."""
    fitting: dict[str, set[str]] = {}
    by_id = {product.id: product for product in products}
    for product in products:
        for name in _names(product):
            for size in range(min(len(name) - 1, 4), 1, -1):
                if has_han(name[:size]) and name[:size] in text:
                    fitting.setdefault(name[:size], set()).add(product.id)
                    break
    for start in sorted(fitting, key=len, reverse=True):
        if len(fitting[start]) == 1 and not asked(start, Language.ZH) and not of_label(start):
            at = text.find(start)
            return [_Mention(at, at + len(start), (by_id[next(iter(fitting[start]))],))]
    return []
