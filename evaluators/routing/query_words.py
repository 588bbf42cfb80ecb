"""Texts of synthetic queries, and noisy twins of them."""

from collections.abc import Sequence

import numpy as np

_TOPICS = (
    "history treaty empire river capital century war king physics planet element energy cell protein species organ "
    "vaccine climate ocean mountain law court economy market trade philosophy religion culture language novel poem "
    "painter music theatre city population election senate reform revolution",
    "trivia actor film singer album band award season episode character show host game team player coach stadium "
    "record champion medal league match score quiz star nickname hometown brand logo slogan magazine celebrity cartoon "
    "comic hero villain sequel remake soundtrack lyric",
    "patient diagnosis symptom therapy dosage clinical surgery contract liability statute plaintiff tort equity audit "
    "ledger dividend bond portfolio hedge inflation circuit voltage transistor turbine alloy stress beam concrete "
    "reactor solvent catalyst polymer enzyme genome antibody tumor cardiac renal neural viral",
    "passage paragraph sentence author tone infer summary title narrator context meaning pronoun refer imply opinion "
    "fact cause effect compare contrast sequence event detail purpose audience evidence claim conclusion inference "
    "vocabulary phrase reading comprehension answer choice option statement story theme plot",
    "solve calculate integer equation fraction triangle angle sum product remainder divisor prime probability "
    "polynomial root derivative integral matrix vector radius circle area volume ratio percent average median sequence "
    "series limit modulo factorial permutation coefficient logarithm exponent graph slope intercept theorem",
    "python function array string loop index list dictionary class method return variable recursion pointer compile "
    "runtime exception parse token stack queue tree node sort search hash binary input output test debug module import "
    "script code program iterator buffer thread socket",
    "translate french german spanish chinese japanese english russian italian korean arabic idiom grammar verb noun "
    "tense plural gender article dialect accent formal informal letter greeting proverb subtitle menu notice sign "
    "label speech interview headline caption dialogue quote slang register transliterate",
)
CATEGORY_WORDS = tuple(tuple(topic.split()) for topic in _TOPICS)
_HARD = (
    "prove derive complexity invariant asymptotic counterexample rigorous lemma optimal bound induction contradiction "
    "necessary sufficient convergence nontrivial"
)
HARD_WORDS = tuple(_HARD.split())
_BASES = (
    "ask answer time year people way day man thing woman life child world school state family student group country "
    "problem hand part place case week company system question work number night point home water room mother area "
    "money story month lot right study book eye job word business issue side kind head house service friend father "
    "power hour game line end member car name team minute idea body back parent face other level office door health "
    "person art party result change morning reason research girl guy moment air teacher force foot boy age policy "
    "process sense plan road letter market"
)
COMMON_WORDS = tuple(f"{base}{ending}" for ending in ("", "s", "like", "less") for base in _BASES.split()[:100])
"""400 words; the i-th and the one 100 places on are synonyms."""
FILLERS = ("please", "kindly", "well", "so", "okay", "actually", "basically", "just")
_MATHEMATICS = 4
_SENTENCE = 12
"""Words of a sentence."""

_FILLER_SHARE = 0.0875
"""Words of a noisy twin that get a filler before them."""

_VOCABULARY = np.array([*COMMON_WORDS, *HARD_WORDS, *(word for words in CATEGORY_WORDS for word in words)])
_HARD_FROM = len(COMMON_WORDS)
_CATEGORY_FROM = _HARD_FROM + len(HARD_WORDS)
_CATEGORY_SIZE = 40


def write(rng: np.random.Generator, category: np.ndarray, hard_share: np.ndarray, words: np.ndarray) -> list[str]:
    """One text a query.

    category: int64[n]. hard_share: float64[n], share of words from HARD_WORDS. words: int64[n], the length.
    35 % are of the category's list, 3 % (mathematics 15 %) groups of digits, the rest common words.
    """
    total = int(words.sum())
    owner = np.repeat(np.arange(len(words)), words)
    kind, pick = rng.random(total), rng.random(total)
    digits = np.where(category == _MATHEMATICS, 0.15, 0.03)[owner]
    hard = hard_share[owner]
    chosen = np.where(
        kind < 0.35,
        _CATEGORY_FROM + _CATEGORY_SIZE * category[owner] + (pick * _CATEGORY_SIZE).astype(np.int64),
        np.where(
            kind < 0.35 + hard,
            _HARD_FROM + (pick * len(HARD_WORDS)).astype(np.int64),
            (pick * len(COMMON_WORDS)).astype(np.int64),
        ),
    )
    found = _VOCABULARY[chosen].tolist()
    for place in np.flatnonzero(kind > 1 - digits).tolist():
        found[place] = str(int(pick[place] * 999) + 1)
    ends = np.cumsum(words)
    return [sentences(found[end - count : end]) for count, end in zip(words.tolist(), ends.tolist(), strict=True)]


def sentences(words: Sequence[str]) -> str:
    """Words as sentences."""
    parts = [" ".join(words[start : start + _SENTENCE]) for start in range(0, len(words), _SENTENCE)]
    return ". ".join(parts) + "."


_COMMON = {word: index for index, word in enumerate(COMMON_WORDS)}


def disturb(rng: np.random.Generator, text: str) -> str:
    """A noisy twin: synonyms (probability .35 a word), letters swapped (.02), sentences reordered (.3), filler.

    With the filler the median length grows by 7 %, in characters.
    """
    parts = text.rstrip(".").split(". ")
    if rng.random() < 0.3:
        parts = [parts[place] for place in rng.permutation(len(parts)).tolist()]
    words = [word for part in parts for word in part.split()]
    swap, typo, place, filler = rng.random((4, len(words)))
    written = []
    for index, word in enumerate(words):
        if filler[index] < _FILLER_SHARE:
            written.append(FILLERS[int(place[index] * len(FILLERS))])
        if swap[index] < 0.35 and word in _COMMON:
            word = COMMON_WORDS[(_COMMON[word] + 100) % len(COMMON_WORDS)]
        if typo[index] < 0.02 and len(word) > 1:
            at = int(place[index] * (len(word) - 1))
            word = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
        written.append(word)
    return sentences(written)
