"""Exam family: short functions, what code prints, bugs, patterns and queries; judged by running them in the sandbox."""

import math
import re
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from router.exam.checks.answer_text import fenced, gives, readings
from router.exam.checks.sandbox import run_function, run_query
from router.exam.item import Answer, Family, Item
from router.exam.wording.courtesies import conversation, short


@dataclass(frozen=True, slots=True)
class Task:
    """A function to write.

    Parameters
    ----------
    level : int
        Its difficulty.
    what : str
        What it does, after "a function that"; `{k}` is a number that varies.
    head : str
        Name and parameters.
    body : str
        Lines of a right solution, without the first indentation.
    right : callable
        The same in our own words, called with an argument list and the number `{k}`.
    calls : tuple
        Arguments to try.
    bug : tuple of (str, str) or None
        What to replace in the body by what, so that it is wrong for one of the calls.
    """

    level: int
    what: str
    head: str
    body: str
    right: Callable[..., Any]
    calls: tuple[tuple[Any, ...], ...]
    bug: tuple[str, str] | None = None


_LISTS = (([3, 1, 2],), ([5, 5, 1, 8],), ([-4, -9, -1],), ([7],))
_TEXTS = (("hello world",), ("Level",), ("a",), ("Open the Door",))
_WHOLE = ((1,), (2,), (7,), (10,), (15,), (36,))

_TASKS = (
    Task(
        1,
        "returns the larger of two numbers",
        "larger(a, b)",
        "return a if a > b else b",
        lambda a, b, _: max(a, b),
        ((1, 2), (5, 3), (-1, -7), (4, 4)),
        (">", "<"),
    ),
    Task(
        1,
        "adds {k} to a number",
        "add(x)",
        "return x + {k}",
        lambda x, k: x + k,
        ((1,), (0,), (-5,), (2.5,)),
        ("+", "-"),
    ),
    Task(
        1,
        "multiplies a number by {k}",
        "scale(x)",
        "return x * {k}",
        lambda x, k: x * k,
        ((1,), (0,), (-5,), (11,)),
        ("*", "+"),
    ),
    Task(
        1,
        "returns True if a number is even and False otherwise",
        "is_even(n)",
        "return n % 2 == 0",
        lambda n, _: n % 2 == 0,
        _WHOLE,
        ("== 0", "== 1"),
    ),
    Task(
        1,
        "returns the sum of a list of numbers",
        "total(numbers)",
        "return sum(numbers)",
        lambda n, _: sum(n),
        (*_LISTS, ([],)),
    ),
    Task(1, "reverses a string", "reverse(text)", "return text[::-1]", lambda t, _: t[::-1], _TEXTS, ("::-1", "::1")),
    Task(
        1,
        "returns the length of a string",
        "length(text)",
        "return len(text)",
        lambda t, _: len(t),
        (*_TEXTS, ("",)),
    ),
    Task(
        1,
        "returns the first element of a list",
        "first(items)",
        "return items[0]",
        lambda n, _: n[0],
        _LISTS,
        ("[0]", "[1:]"),
    ),
    Task(
        1,
        "takes a name and returns the string 'Hello, NAME!' with that name",
        "greet(name)",
        "return f'Hello, {{name}}!'",
        lambda n, _: f"Hello, {n}!",
        (("Ada",), ("Bo",)),
    ),
    Task(
        1,
        "converts a text to upper case",
        "shout(text)",
        "return text.upper()",
        lambda t, _: t.upper(),
        _TEXTS,
        ("upper", "title"),
    ),
    Task(
        2,
        "returns the average of a list of numbers",
        "average(numbers)",
        "return sum(numbers) / len(numbers)",
        lambda n, _: sum(n) / len(n),
        _LISTS,
        ("len(numbers)", "(len(numbers) + 1)"),
    ),
    Task(
        2,
        "counts the vowels (a, e, i, o, u) in a string, upper or lower case",
        "count_vowels(text)",
        "return sum(letter in 'aeiou' for letter in text.lower())",
        lambda t, _: sum(c in "aeiou" for c in t.lower()),
        _TEXTS,
        (".lower()", ""),
    ),
    Task(
        2,
        "returns a list with only the numbers greater than {k}",
        "greater(numbers)",
        "return [n for n in numbers if n > {k}]",
        lambda n, k: [x for x in n if x > k],
        (([1, 50, 3, 12, 9],), ([],), ([2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],)),
        ("if n >", "if n <"),
    ),
    Task(
        2,
        "returns n factorial",
        "factorial(n)",
        "result = 1\nfor i in range(2, n + 1):\n    result *= i\nreturn result",
        lambda n, _: math.factorial(n),
        ((0,), (1,), (5,), (8,)),
        ("n + 1", "n"),
    ),
    Task(
        2,
        "returns how many words a sentence has",
        "count_words(sentence)",
        "return len(sentence.split())",
        lambda t, _: len(t.split()),
        (*_TEXTS, ("",), ("two  spaces",)),
    ),
    Task(
        2,
        "converts degrees Celsius to Fahrenheit",
        "to_fahrenheit(celsius)",
        "return celsius * 9 / 5 + 32",
        lambda c, _: c * 9 / 5 + 32,
        ((0,), (100,), (-40,), (21.5,)),
        ("9 / 5", "5 / 9"),
    ),
    Task(
        2,
        "returns True if a string is a palindrome, ignoring upper and lower case",
        "is_palindrome(text)",
        "text = text.lower()\nreturn text == text[::-1]",
        lambda t, _: t.lower() == t.lower()[::-1],
        (("Level",), ("hello",), ("Anna",), ("ab",)),
        ("text = text.lower()\n", ""),
    ),
    Task(
        2,
        "returns the numbers from 1 to n as a list",
        "numbers_to(n)",
        "return list(range(1, n + 1))",
        lambda n, _: list(range(1, n + 1)),
        ((1,), (4,), (0,)),
        ("n + 1", "n"),
    ),
    Task(
        2,
        "returns the price after a discount of {k} percent",
        "discounted(price)",
        "return price * (100 - {k}) / 100",
        lambda p, k: p * (100 - k) / 100,
        ((100,), (59.9,), (0,)),
        ("(100 - {k})", "{k}"),
    ),
    Task(
        3,
        "removes duplicates from a list and keeps the order",
        "unique(items)",
        "return list(dict.fromkeys(items))",
        lambda n, _: list(dict.fromkeys(n)),
        (([1, 2, 1, 3, 2],), ([],), (["b", "a", "b"],)),
    ),
    Task(
        3,
        "returns the second largest different number of a list, or None if there is none",
        "second_largest(numbers)",
        "different = sorted(set(numbers))\nreturn different[-2] if len(different) > 1 else None",
        lambda n, _: sorted(set(n))[-2] if len(set(n)) > 1 else None,
        (([3, 1, 2],), ([5, 5, 1],), ([4, 4],), ([],)),
        ("set(numbers)", "numbers"),
    ),
    Task(
        3,
        "returns True if a number is prime",
        "is_prime(n)",
        "if n < 2:\n    return False\nreturn all(n % d for d in range(2, int(n ** 0.5) + 1))",
        lambda n, _: n > 1 and all(n % d for d in range(2, n)),
        ((0,), (1,), (2,), (4,), (9,), (17,), (25,), (97,)),
        ("0.5) + 1", "0.5)"),
    ),
    Task(
        3,
        "counts how often each word occurs in a text and returns a dictionary (lower case words)",
        "word_counts(text)",
        "counts = {{}}\nfor word in text.lower().split():\n    counts[word] = counts.get(word, 0) + 1\nreturn counts",
        lambda t, _: {w: t.lower().split().count(w) for w in t.lower().split()},
        (("the cat the dog",), ("",), ("A a b",)),
        ("get(word, 0)", "get(word, 1)"),
    ),
    Task(
        3,
        "returns a list of the multiples of {k} below n, starting with {k}",
        "multiples(n)",
        "return list(range({k}, n, {k}))",
        lambda n, k: list(range(k, n, k)),
        ((1,), (30,), (60,), (61,)),
        ("range({k}, n", "range({k}, n + {k}"),
    ),
    Task(
        3,
        "returns the longest word of a sentence (the first one if several are equally long)",
        "longest_word(sentence)",
        "return max(sentence.split(), key=len)",
        lambda t, _: max(t.split(), key=len),
        (("a bigger word",), ("one two six",), ("alone",)),
        ("max(", "min("),
    ),
    Task(
        3,
        "merges two dictionaries; values of keys that are in both are added",
        "merge(a, b)",
        "return {{key: a.get(key, 0) + b.get(key, 0) for key in a | b}}",
        lambda a, b, _: {x: a.get(x, 0) + b.get(x, 0) for x in a | b},
        (({"x": 1}, {"x": 2, "y": 3}), ({}, {}), ({"a": 5}, {"b": 6})),
    ),
    Task(
        3,
        "shifts each lower-case letter of a text by {k} places in the alphabet (after z comes a) and leaves the rest",
        "shift(text)",
        "return ''.join(chr((ord(c) - 97 + {k}) % 26 + 97) if 'a' <= c <= 'z' else c for c in text)",
        lambda t, k: "".join(chr((ord(c) - 97 + k) % 26 + 97) if "a" <= c <= "z" else c for c in t),
        (("abc xyz",), ("Hello!",), ("",)),
    ),
    Task(
        4,
        "takes a list of numbers and returns the longest run of equal neighbours as its length",
        "longest_run(numbers)",
        "best = run = 0\nlast = object()\nfor n in numbers:\n    run = run + 1 if n == last else 1\n    last = n\n"
        "    best = max(best, run)\nreturn best",
        lambda n, _: {(1, 1, 2, 2, 2, 1): 3, (): 0, (4,): 1, (1, 2, 3): 1}[tuple(n)],
        (([1, 1, 2, 2, 2, 1],), ([],), ([4],), ([1, 2, 3],)),
        ("else 1", "else 0"),
    ),
    Task(
        4,
        "converts a positive whole number to a Roman numeral",
        "roman(n)",
        "pairs = [(1000, 'M'), (900, 'CM'), (500, 'D'), (400, 'CD'), (100, 'C'), (90, 'XC'), (50, 'L'), (40, 'XL'),\n"
        "         (10, 'X'), (9, 'IX'), (5, 'V'), (4, 'IV'), (1, 'I')]\nresult = ''\nfor value, letters in pairs:\n"
        "    while n >= value:\n        result += letters\n        n -= value\nreturn result",
        lambda n, _: {1: "I", 4: "IV", 9: "IX", 14: "XIV", 40: "XL", 1994: "MCMXCIV", 2026: "MMXXVI"}[n],
        ((1,), (4,), (9,), (14,), (40,), (1994,), (2026,)),
        (">= value", "> value"),
    ),
    Task(
        4,
        "checks whether the brackets (), [] and {{}} in a string are balanced and properly nested",
        "balanced(text)",
        "pairs = {{')': '(', ']': '[', '}}': '{{'}}\nopened = []\nfor c in text:\n    if c in '([{{':\n"
        "        opened.append(c)\n    elif c in pairs:\n        if not opened or opened.pop() != pairs[c]:\n"
        "            return False\nreturn not opened",
        lambda t, _: t in ("()", "", "a(b[c]{d})"),
        (("()",), ("",), ("a(b[c]{d})",), ("([)]",), ("((",), (")",)),
        ("return not opened", "return True"),
    ),
    Task(
        4,
        "splits a list into chunks of {k} elements; the last chunk may be shorter",
        "chunks(items)",
        "return [items[i:i + {k}] for i in range(0, len(items), {k})]",
        lambda n, k: [n[i : i + k] for i in range(0, len(n), k)],
        ((list(range(13)),), ([],), ([1],), (list(range(30)),)),
        ("len(items), {k})", "len(items) - 1, {k})"),
    ),
    Task(
        4,
        "takes a list of (name, score) pairs and returns the names sorted by score from high to low, ties by name",
        "ranking(pairs)",
        "return [name for name, score in sorted(pairs, key=lambda pair: (-pair[1], pair[0]))]",
        lambda p, _: [name for name, _ in sorted(p, key=lambda pair: (-pair[1], pair[0]))],
        (([("b", 2), ("a", 2), ("c", 9)],), ([],), ([("z", 1), ("y", 3)],)),
        ("-pair[1]", "pair[1]"),
    ),
    Task(
        4,
        "rotates a list to the right by {k} places",
        "rotate(items)",
        "if not items:\n    return []\nk = {k} % len(items)\nreturn items[-k:] + items[:-k] if k else list(items)",
        lambda n, k: [n[(i - k) % len(n)] for i in range(len(n))],
        (([1, 2, 3, 4, 5],), ([],), ([1, 2],), (list(range(20)),)),
    ),
    Task(
        5,
        "returns the length of the longest increasing subsequence of a list of numbers",
        "longest_increasing(numbers)",
        "best = []\nfor i, n in enumerate(numbers):\n"
        "    best.append(1 + max((best[j] for j in range(i) if numbers[j] < n), default=0))\n"
        "return max(best, default=0)",
        lambda n, _: {(): 0, (3, 1, 2, 5, 4): 3, (5, 4, 3): 1, (2, 2, 2): 1, (1, 9, 2, 8, 3, 7): 4}[tuple(n)],
        (([3, 1, 2, 5, 4],), ([],), ([5, 4, 3],), ([2, 2, 2],), ([1, 9, 2, 8, 3, 7],)),
        ("numbers[j] < n", "numbers[j] <= n"),
    ),
    Task(
        5,
        "merges overlapping intervals, given as a list of [start, end] lists, and returns them sorted; "
        "intervals that touch are merged too",
        "merge_intervals(intervals)",
        "merged = []\nfor start, end in sorted(intervals):\n"
        "    if merged and start <= merged[-1][1]:\n"
        "        merged[-1][1] = max(merged[-1][1], end)\n"
        "    else:\n        merged.append([start, end])\nreturn merged",
        lambda n, _: {0: [], 1: [[1, 9]], 2: [[1, 4]], 3: [[1, 6], [8, 10]]}[len(n)],
        (([[8, 10], [1, 3], [2, 6]],), ([],), ([[1, 9]],), ([[1, 2], [2, 4]],)),
        ("start <= merged", "start < merged"),
    ),
    Task(
        5,
        "returns the edit distance (insertions, deletions, substitutions) between two strings",
        "edit_distance(a, b)",
        "row = list(range(len(b) + 1))\nfor i, x in enumerate(a, 1):\n    last, row[0] = row[0], i\n"
        "    for j, y in enumerate(b, 1):\n"
        "        last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (x != y))\n"
        "return row[-1]",
        lambda a, b, _: {("kitten", "sitting"): 3, ("", "abc"): 3, ("same", "same"): 0, ("flaw", "lawn"): 2}[(a, b)],
        (("kitten", "sitting"), ("", "abc"), ("same", "same"), ("flaw", "lawn")),
        ("(x != y)", "1"),
    ),
    Task(
        5,
        "returns the n-th row of Pascal's triangle (row 0 is [1]) with every entry taken modulo {k}",
        "pascal_row(n)",
        "row = [1]\nfor _ in range(n):\n    row = [1] + [x + y for x, y in zip(row, row[1:])] + [1]\n"
        "return [x % {k} for x in row]",
        lambda n, k: [math.comb(n, i) % k for i in range(n + 1)],
        ((0,), (1,), (5,), (9,)),
    ),
)

_ASK_FUNCTION = (
    "Write a Python function that {w}.",
    "Write a Python function `{h}` that {w}.",
    "Please write a function in Python that {w}. Call it {n}.",
    "Can you write me a short Python function which {w}?",
    "python function that {w}",
    "I need a Python function named {n}. It {w}.",
    "Implement `{n}` in Python: it {w}.",
    "How do I write a function in Python that {w}? Show me the code.",
    "Complete this:\n\ndef {h}:\n    # {w}",
    "def {h}:\n    ...\n\nFill in the body so that it {w}.",
    "Code only, please: a Python function {h} that {w}.",
    "For my homework I need a function that {w}. Python 3, no libraries needed.",
    "We use Python at work. I'd like a helper {n} that {w}.",
    "give me python code for a function that {w}, no explanation",
    "In Python, define {h}. The function {w}.",
    "Could you show me a function {n} in python 3? It {w}.",
)

_ASK_BUG = (
    "This Python function should be one that {w}, but it does not work. Fix it.\n\n```python\n{c}\n```",
    "Find the bug:\n\n{c}\n\nIt is meant to be a function that {w}. Give me the corrected function.",
    "{c}\n\nWhy is this wrong? I want a function that {w}. Send the fixed code.",
    "my code is broken, it should be a function that {w}\n\n{c}\n\nplease correct it",
    "Debug this code.\n```\n{c}\n```\nExpected: a function that {w}.",
    "There's a mistake in here, can you repair it? The function {w}.\n\n{c}",
)

_ASK_PRINT = (
    "What does this code print?\n\n{c}",
    "What is the output of this Python program?\n```python\n{c}\n```",
    "{c}\n\nWhat will be printed?",
    "Tell me the output:\n\n{c}",
    "I ran this in Python 3. What did I see?\n\n{c}",
    "output?\n{c}",
    "Without running it: what does the following print?\n\n```\n{c}\n```",
)

_ASK_REGEX = (
    "Write a regular expression that matches {w}.",
    "I need a regex for {w}. It should match the whole string.",
    "regex for {w}?",
    "Give me a regular expression (Python syntax) for {w}, only the pattern.",
    "What regex matches {w}?",
    "Please write a pattern for re.fullmatch that accepts {w} and nothing else.",
    "I want to validate input: {w}. Which regular expression do I use?",
)

_ASK_SQL = (
    "I have a table {t}. Write an SQL query that returns {w}.",
    "Table: {t}\n\nSQL for {w}?",
    "Given the SQLite table {t}, which query gives me {w}?",
    "Write a SELECT statement for {w}. The table is {t}.",
    "sql query: {w}. table {t}",
    "Please give me the SQL that lists {w}, using the table {t}.",
    "My database has {t}. How do I get {w} in SQL?",
)

_REGEXES = (
    (1, "one or more digits", r"\d+", "7 42 00123", "a 4a ~ 4.2"),
    (1, "the word cat or the word dog", "cat|dog", "cat dog", "cats dogcat bird"),
    (1, "exactly {k} digits", r"\d{{k}}", "", ""),
    (2, "a lower-case word that ends in ing", "[a-z]*ing", "going sing", "goes Going ings"),
    (2, "a time such as 09:30 (two digits, colon, two digits)", r"\d\d:\d\d", "09:30 23:59", "9:30 09.30 09:300"),
    (
        2,
        "a word that starts with a capital letter followed by lower-case letters",
        "[A-Z][a-z]+",
        "Anna Rome",
        "anna ROME A1",
    ),
    (
        3,
        "a date in the form YYYY-MM-DD (digits and hyphens)",
        r"\d{4}-\d\d-\d\d",
        "2026-11-27 1999-01-01",
        "26-11-27 2026/11/27 2026-1-1",
    ),
    (3, "a hex colour such as #a1B2c3", "#[0-9a-fA-F]{6}", "#a1B2c3 #000000", "a1b2c3 #abc #a1b2cg"),
    (
        3,
        "a price with two decimals and a euro sign, like 12.50€",
        r"\d+\.\d\d€",
        "12.50€ 0.99€",
        "12.5€ 12,50€ 12.50 .50€",
    ),
    (
        4,
        "an integer or decimal number with an optional minus sign, such as -3 or 4.25",
        r"-?\d+(\.\d+)?",
        "-3 4.25 0",
        "4. --3 .5 1.2.3 a",
    ),
    (
        4,
        "a 24-hour time from 00:00 to 23:59",
        r"([01]\d|2[0-3]):[0-5]\d",
        "00:00 23:59 19:07",
        "24:00 12:60 9:30 099:00",
    ),
    (
        4,
        "a string of lower-case letters in which the first and the last letter are the same (at least two letters)",
        r"([a-z])[a-z]*\1",
        "anna aa level",
        "ab a Anna hello",
    ),
    (
        5,
        "an IPv4 address with each part from 0 to 255 and no leading zeros",
        r"((25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(\.(?!$)|$)){4}",
        "0.0.0.0 192.168.1.255 10.20.30.40",
        "256.1.1.1 1.1.1 01.2.3.4 1.2.3.4.5 1.2.3.",
    ),
    (
        5,
        "a password of at least 8 letters or digits with at least one digit and one capital letter",
        r"(?=.*\d)(?=.*[A-Z])[A-Za-z0-9]{8,}",
        "Abcdefg1 1234567X",
        "abcdefg1 ABCDEFGH Ab1 Abcdefg1!",
    ),
    (
        5,
        "a binary number (only 0 and 1) with an even number of ones",
        "0*(10*10*)*",
        "0 11 1010 00 110011",
        "1 10 0111 2 12",
    ),
)

_PEOPLE = "Anna Ben Carla David Elena Felix Greta Hugo Ines Jonas Karin Leo Maria Nils Olga Pablo"
_CITIES = "Berlin Rome Oslo Lyon Leeds Porto"


def make(rng: Random, level: int, _: str) -> Item:
    """Something about code."""
    kind = rng.random()
    if kind < 0.45:
        return _function(rng, level)
    if kind < 0.6:
        return _bug(rng, level)
    if kind < 0.78:
        return _printing(rng, level)
    return _regex(rng, level) if kind < 0.87 else _sql(rng, level)


def _number(rng: Random, task: Task) -> int:
    return rng.randint(2, 9) if task.level > 2 else rng.randint(2, 30)


def _solution(task: Task, k: int, bug: tuple[str, str] | None = None) -> str:
    """Source of a right solution, or of one with a bug."""
    body = (task.body.replace(*bug) if bug else task.body).format(k=k)
    lines = "\n".join(f"    {line}" if line else "" for line in body.split("\n"))
    return f"def {task.head}:\n{lines}"


def _function(rng: Random, level: int) -> Item:
    task = rng.choice([task for task in _TASKS if task.level == level])
    k = _number(rng, task)
    name = task.head.partition("(")[0]
    request = rng.choice(_ASK_FUNCTION).format(w=task.what.format(k=k), h=task.head, n=name)
    source = _solution(task, k)
    room = min(150, 60 + len(source) // 2)
    return Item(conversation(rng, "en", request), lambda answer: works(answer.text, task, k), room, source)


def _bug(rng: Random, level: int) -> Item:
    task = rng.choice([task for task in _TASKS if task.level == level and task.bug])
    k = _number(rng, task)
    broken = _solution(task, k, task.bug)
    request = rng.choice(_ASK_BUG).format(w=task.what.format(k=k), c=broken)
    source = _solution(task, k)
    room = min(150, 70 + len(source) // 2)

    def check(answer: Answer) -> bool:
        return works(answer.text, task, k)

    return Item(conversation(rng, "en", request), check, room, source)


def sources(text: str) -> list[str]:
    """What of an answer may be Python: each code fence, or else the text from the first line of code on."""
    blocks = [block for block in fenced(text) if "def " in block or "lambda" in block]
    if not blocks:
        start = re.search(r"^(?:from \w+ )?(?:import |def )", text, re.MULTILINE)
        blocks = [text[start.start() :]] if start else []
    return [_compilable(block) for block in blocks]


def _compilable(source: str) -> str:
    """The longest beginning of `source` that compiles: an answer may go on in prose, or be cut off."""
    lines = source[:4000].split("\n")
    for end in range(len(lines), max(0, len(lines) - 40), -1):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # what the code is warned of is nothing for our own log
                compile("\n".join(lines[:end]), "answer", "exec")
        except (SyntaxError, ValueError, MemoryError, RecursionError):
            continue
        return "\n".join(lines[:end])
    return ""


def works(text: str, task: Task, k: int) -> bool:
    """Whether the function in an answer gives the right result for every call; the last block of code counts."""
    name = task.head.partition("(")[0]
    code = sources(text)
    if not code or not ("def " in code[-1] or "lambda" in code[-1]):
        return False
    wanted = [task.right(*call, k) for call in task.calls]
    ran = run_function(code[-1], name, task.calls)
    return ran is not None and all(
        same(kind, value, right) for (kind, value), right in zip(ran.results, wanted, strict=True)
    )


def same(kind: str, value: object, right: object) -> bool:
    """Whether a call returned what it should; numbers may differ in their last digits."""
    if kind != "returned":
        return False
    if isinstance(right, float) and isinstance(value, int | float):
        try:
            return math.isclose(value, right, rel_tol=1e-6, abs_tol=1e-9)
        except OverflowError:  # a whole number beyond every float
            return False
    return value == right


def _printing(rng: Random, level: int) -> Item:
    source, printed = _program(rng, level)
    request = short(rng, "en", rng.choice(_ASK_PRINT).format(c=source))
    return Item(
        conversation(rng, "en", request), lambda answer: tells_output(answer.text, printed, source), 40, printed
    )


def _program(rng: Random, level: int) -> tuple[str, str]:
    """A program and what it prints."""
    a, b, c = rng.randint(2, 9), rng.randint(2, 9), rng.randint(2, 20)
    items = rng.sample(range(1, 30), 4 + level // 2)
    word = rng.choice(("banana", "kitchen", "window", "garden", "letter", "summer", "ticket"))
    match level, rng.randrange(3):
        case 1, 0:
            return f"x = {a}\ny = {b}\nprint(x + y)", str(a + b)
        case 1, 1:
            return f'print("{word}".upper())', word.upper()
        case 1, _:
            return f"print({a} * {b})", str(a * b)
        case 2, 0:
            return f"x = {c}\nx += {a}\nx = x * 2\nprint(x)", str((c + a) * 2)
        case 2, 1:
            return f'word = "{word}"\nprint(word[1:4])', word[1:4]
        case 2, _:
            return f"numbers = {items}\nprint(len(numbers), max(numbers))", f"{len(items)} {max(items)}"
        case 3, 0:
            return f"total = 0\nfor i in range({a}):\n    total += i\nprint(total)", str(sum(range(a)))
        case 3, 1:
            return f"print([x for x in {items} if x % 2 == 0])", str([x for x in items if x % 2 == 0])
        case 3, _:
            return f'print("{word}"[::-1])', word[::-1]
        case 4, 0:
            source = f"def f(n):\n    return n if n < 2 else f(n - 1) + f(n - 2)\n\nprint(f({a}))"
            x, y = 0, 1
            for _ in range(a):
                x, y = y, x + y
            return source, str(x)
        case 4, 1:
            total = sum(x * place for place, x in enumerate(items))
            return f"s = 0\nfor i, x in enumerate({items}):\n    s += i * x\nprint(s)", str(total)
        case 4, _:
            source = f"a = {items}\nb = a\nb.append({c})\nprint(len(a), a[-1] + a[0])"
            return source, f"{len(items) + 1} {c + items[0]}"
        case _, 0:
            source = f"def f(n, seen=[]):\n    seen.append(n)\n    return sum(seen)\n\nf({a})\nf({b})\nprint(f({c}))"
            return source, str(a + b + c)
        case _, 1:
            x, steps = c + 3, 0
            while x != 1:
                x, steps = (x // 2 if x % 2 == 0 else 3 * x + 1), steps + 1
            source = (
                f"x, n = {c + 3}, 0\nwhile x != 1:\n    x = x // 2 if x % 2 == 0 else 3 * x + 1\n    n += 1\nprint(n)"
            )
            return source, str(steps)
        case _:
            source = (
                f"d = {{}}\nfor w in {[*word]}:\n    d[w] = d.get(w, 0) * {a} + {b}\n"
                "print(sum(d.values()), max(d, key=lambda k: (d[k], k)))"
            )
            counts: dict[str, int] = {}
            for letter in word:
                counts[letter] = counts.get(letter, 0) * a + b
            return source, f"{sum(counts.values())} {max(counts, key=lambda key: (counts[key], key))}"


def tells_output(text: str, printed: str, source: str) -> bool:
    """Whether an answer says what is printed: alone, in a sentence, or as its last block or line."""
    if not text.strip() or (text.strip() in source and text.strip() != printed):
        return False
    if any(reading.strip() == printed for reading in readings(text)):
        return True
    lines = [line for line in text.strip().split("\n") if line.strip("` ")]
    last = lines[-1] if lines else ""
    if printed[:1] in "[" or " " in printed:
        return len(text.split()) <= 40 and printed in text.replace("`", "")
    if printed.isdecimal() and len(lines) <= 3:
        numbers = re.findall(r"(?<![\d.])\d+(?![\d.]*\d)", last)
        return bool(numbers) and numbers[-1] == printed and len(text.split()) <= 40
    return printed in text and gives(text, [printed], most_words=30)


def _regex(rng: Random, level: int) -> Item:
    _, what, pattern, good, bad = rng.choice([row for row in _REGEXES if row[0] == level])
    if "{k}" in what:
        k = rng.randint(2, 9)
        what, pattern = what.format(k=k), rf"\d{{{k}}}"
        good, bad = "3" * k, f"{'3' * (k + 1)} {'3' * (k - 1)} {'a' * k}"
    request = rng.choice(_ASK_REGEX).format(w=what)
    tries = [*((each, True) for each in good.split()), *((each, False) for each in bad.split())]
    return Item(conversation(rng, "en", request), lambda answer: matches(answer.text, tries), 40, f"`{pattern}`")


def patterns(text: str) -> list[str]:
    """What of an answer may be the pattern: raw strings, what stands in backquotes or a fence, or a line of its own."""
    found = re.findall(r"""\br(["'])(.+?)\1""", text)
    if found:
        return [found[0][1]]
    found_code = [block.strip() for block in fenced(text)] or re.findall(r"`([^`\n]+)`", text)
    lines = [line.strip() for line in text.strip().split("\n") if line.strip()]
    plain = lines[0] if len(lines) == 1 else lines[1] if len(lines) > 1 and lines[0].endswith(":") else ""
    if not found_code and ": " in plain:
        plain = plain.rpartition(": ")[2]
    chosen = found_code[0] if found_code else plain
    return [chosen[1:-1] if len(chosen) > 2 and chosen[0] == chosen[-1] and chosen[0] in "/\"'" else chosen]


def matches(text: str, tries: Sequence[tuple[str, bool]]) -> bool:
    """Whether the first pattern of an answer matches, as a whole, what it should and nothing else."""
    pattern = patterns(text)[0]
    if not pattern or len(pattern) > 300:
        return False
    code = f"import re\ndef accepts(text):\n    return re.fullmatch({pattern!r}, text) is not None"
    ran = run_function(code, "accepts", [(each,) for each, _ in tries])
    return ran is not None and [value for _, value in ran.results] == [right for _, right in tries]


def _sql(rng: Random, level: int) -> Item:
    people = rng.sample(_PEOPLE.split(), 8)
    rows = [(name, rng.choice(_CITIES.split()), rng.randint(18, 70), rng.randint(1, 40) * 10) for name in people]
    table = rng.choice(("customers", "members", "guests", "clients", "staff", "users"))
    number = rng.choice(("points", "balance", "hours", "spent"))
    names = f"{table}(name, city, age, {number})"
    city, age, least = rng.choice(rows)[1], rng.randint(25, 55), rng.randint(5, 20) * 10
    choices = {
        1: (
            ("all names", f"SELECT name FROM {table}"),
            (f"the names of everybody in {city}", f"SELECT name FROM {table} WHERE city = '{city}'"),
            (f"the names of people older than {age}", f"SELECT name FROM {table} WHERE age > {age}"),
        ),
        2: (
            ("the number of rows", f"SELECT COUNT(*) FROM {table}"),
            (
                f"the names of people in {city} with more than {least} {number}",
                f"SELECT name FROM {table} WHERE city = '{city}' AND {number} > {least}",
            ),
            (f"the highest value of {number}", f"SELECT MAX({number}) FROM {table}"),
        ),
        3: (
            ("each city with the number of people in it", f"SELECT city, COUNT(*) FROM {table} GROUP BY city"),
            (
                f"the names of the three people with the most {number}, highest first (ties by name)",
                f"SELECT name FROM {table} ORDER BY {number} DESC, name LIMIT 3",
            ),
            (f"the average age of those in {city}", f"SELECT AVG(age) FROM {table} WHERE city = '{city}'"),
        ),
        4: (
            (
                f"each city whose people have more than {least} {number} together, with that sum",
                f"SELECT city, SUM({number}) FROM {table} GROUP BY city HAVING SUM({number}) > {least}",
            ),
            (
                "the names of all people older than the average age",
                f"SELECT name FROM {table} WHERE age > (SELECT AVG(age) FROM {table})",
            ),
        ),
        5: (
            (
                "the oldest person of each city as city and name (all of them if several are equally old)",
                f"SELECT city, name FROM {table} AS t WHERE age = (SELECT MAX(age) FROM {table} WHERE city = t.city)",
            ),
            (
                f"name and the running total of {number} when people are sorted by name",
                f"SELECT name, SUM({number}) OVER (ORDER BY name) FROM {table} ORDER BY name",
            ),
            (
                "all pairs of names of people who live in the same city, each pair once, "
                "the name that comes first in the alphabet first",
                f"SELECT a.name, b.name FROM {table} a JOIN {table} b ON a.city = b.city AND a.name < b.name",
            ),
        ),
    }
    what, query = rng.choice(choices[level])
    request = rng.choice(_ASK_SQL).format(t=names, w=what)
    values = ", ".join(str(row) for row in rows)
    columns = f"name TEXT, city TEXT, age INTEGER, {number} INTEGER"
    script = f"CREATE TABLE {table} ({columns}); INSERT INTO {table} VALUES {values};"
    return Item(conversation(rng, "en", request), lambda answer: finds(answer.text, script, query), 70, query)


def queries(text: str) -> list[str]:
    """The SQL statements of an answer, from its fences if it has any."""
    text = "\n".join(fenced(text)) or text
    found = re.findall(r"\b(?:SELECT|WITH)\b[^;`]*(?:;|`|\Z|(?=\n\n))", text, re.IGNORECASE | re.DOTALL)
    return [query.partition("\n\n")[0].strip(" `;\n") for query in found]


def finds(text: str, script: str, query: str) -> bool:
    """Whether the first query of an answer finds the same rows; only a wanted order counts."""
    given = queries(text[:4000])
    if not given:
        return False
    wanted, got = run_query(script, query), run_query(script, given[0])
    if wanted is None or got is None:
        return False
    return got == wanted if "ORDER BY" in query else sorted(map(repr, got)) == sorted(map(repr, wanted))


FAMILY = Family("code", "short code", make, ("en",))
