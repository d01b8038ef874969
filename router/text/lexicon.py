"""Cue words for kinds of task and fields of knowledge, in the languages people ask in.

A cue counts as often as it occurs; several of one kind saturate. Chinese, Japanese and Korean cues are pairs of
characters, because `router.text.preprocessing` cuts those scripts into pairs.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cues:
    """One kind of cue: lower-case `words`, separated by blanks, and the number of occurrences that counts in full."""

    full_at: int
    words: str


LEXICON: dict[str, Cues] = {
    "rework": Cues(
        2,
        "summarize summarise summary summarizing tldr gist condense shorten extract translate translation "
        "rewrite reword rephrase paraphrase proofread classify label tag sort alphabetical correct grammar "
        "spelling fix format convert capitalise capitalize bullet bullets headline title polite politely "
        "politer friendlier formal informal fasse zusammen zusammenfassung kürze übersetze übersetzen "
        "korrigiere formuliere umformulieren schreibe höflicher sortiere extrahiere ziehe rechtschreibung "
        "sammanfatta sammanfattning översätt översätta rätta stavfel formulera förkorta korta plocka sortera "
        "vänligare résume résumer traduis traduire corrige reformule extrais raccourcis résumé resume resumir "
        "traduce traducir reescribe extrae acorta resumen traduza corrija riassumi traduci correggi vertaal "
        "samenvatten samenvatting herschrijf verbeter "
        "总结 概括 翻译 提取 改写 改得 改成 修改 归纳 摘要 要点 整理 润色 缩短 语病 要約 翻訳 訳し 書き 요약 번역",
    ),
    "refers": Cues(
        2,
        "context passage paragraph article document transcript excerpt above below according attached "
        "text texts textes texte texto texten dokument abschnitt artikel unten stycket avsnittet enligt nedan "
        "passage extrait siguiente párrafo 下面 文章 根据 上面 短文 次の 文章",
    ),
    "prose": Cues(
        2,
        "draft email mail letter story poem haiku limerick description slogan slogans tweet post blog message "
        "invitation caption joke recipe newsletter ad advert advertisement greeting note card review reply "
        "birthday condolence brief anzeige beschreibung produktbeschreibung gedicht geschichte witz einladung "
        "nachricht gruß geburtstagsgruß brev mejl annons beskrivning dikt berättelse saga skämt inbjudan "
        "meddelande hälsning courriel lettre annonce poème histoire blague carta correo anuncio poema cuento "
        "chiste descripción mensaje 邮件 短信 广告 描述 首诗 故事 笑话 请柬 文案 祝福 メー 手紙 이메 편지",
    ),
    "chat": Cues(
        2,
        "hi hello hey thanks thank please morning evening goodnight bye welcome lol hallo danke bitte guten "
        "tschüss hej tack snälla god hejdå bonjour merci salut hola gracias ciao grazie olá obrigado 你好 您好 谢谢 "
        "早上 晚安 再见 ちは がと はよ 안녕 감사",
    ),
    "asks_fact": Cues(
        1,
        "who when where which what whose wer wann wo welche welcher welches was vem när var vilken vilket vad "
        "qui quand où quelle quel quién cuándo dónde cuál qué 时候 哪里 哪个 什么 多少 几个 いつ どこ",
    ),
    "asks_why": Cues(
        1,
        "why how warum weshalb wieso wie varför hur pourquoi comment cómo porqué 为什 怎么 如何 なぜ",
    ),
    "argument": Cues(
        2,
        "prove proof proofs derive derivation theorem lemma conjecture disprove infinitely rigorous "
        "rigorously formally justify justification critique critically argue infer deduce assumption "
        "assumptions implications hypothesis analyze analyse analysis compare discuss evaluate assess weigh "
        "interpret beweise beweisen beweis zeige herleiten leite begründe begründen analysiere vergleiche "
        "bewerte diskutiere bevisa bevis visa härled motivera analysera jämför bedöm diskutera démontrer "
        "démontre prouver prouve justifier analyser comparer demuestra demostrar justifica analiza compara "
        "dimostra analizza 证明 推导 论证 分析 比较 评估 讨论 反例 推理 理由 証明 導出 比較 考察 증명 분석",
    ),
    "calculation": Cues(
        3,
        "calculate compute determine solve estimate minimize minimise maximize maximise equation equations "
        "probability integral integrate derivative differential velocity percent coefficient matrix "
        "eigenvalues interest variance derivation expected ratio volume berechne berechnen löse bestimme "
        "wahrscheinlichkeit gleichung zinsen beräkna lös bestäm sannolikhet sannolikheten ekvation ränta "
        "integralen calculer calcule résoudre probabilité équation calcula calcular resuelve probabilidad "
        "ecuación 计算 概率 积分 微分 方程 通解 面积 体积 計算 確率 積分 계산 확률",
    ),
    "quantities": Cues(
        8,
        "each every per total altogether remaining left twice half third quarter double triple more less than "
        "times many much average rest equal equally difference sum dozen cost costs price sold bought spent "
        "earns paid profit",
    ),
    "conditions": Cues(
        6,
        "if suppose assume assuming given let consider whose such then respectively unless until while "
        "whereas otherwise wenn falls angenommen sei gegeben om antag låt givet si sea supongamos soit 如果 假设 "
        "已知 もし 仮定",
    ),
    "constraints": Cues(
        8,
        "must exactly least most without only never always should cannot limit require requires required "
        "constraint constraints ensure guarantee guarantees guaranteed handle support supports including "
        "covering",
    ),
    "design": Cues(
        3,
        "design architecture architect implement implements implementation plan strategy develop refactor "
        "migrate migration schedule scalable scalability distributed concurrent concurrency optimize optimise "
        "system phases milestones requirements tests complexity efficient offs tradeoffs roadmap framework "
        "pipeline production replication entwirf architektur implementiere entwickle umsetzung begründe "
        "anforderungen skalierbar utforma arkitektur implementera utveckla skalbar krav felhantering "
        "concevoir conçois implémenter diseña arquitectura implementa desarrolla distribuida 设计 实现 架构 系统 方案 "
        "优化 并发 分布 算法 瓶颈 設計 実装 설계 구현",
    ),
    "code_words": Cues(
        8,
        "code function class method api bug debug compile compiler regex script algorithm database query sql "
        "python java javascript typescript rust golang zig haskell kotlin php html css def return import "
        "const int string array null self async thread react docker kubernetes linux bash git server json "
        "postgres mysql segfault exception stack 代码 函数 程序 据库 线程 死锁 コー 関数",
    ),
    "science": Cues(
        4,
        "molecule molecular atom atoms atomic electron electrons proton neutron quantum energy wave frequency "
        "photon reaction acid base ph oxidation enzyme protein proteins dna rna gene genes cell cells "
        "mutation bacteria species evolution temperature pressure density entropy enthalpy thermodynamic "
        "voltage circuit resistance magnetic electric field mass force acceleration momentum relativity orbit "
        "isotope catalyst equilibrium polymer stereochemistry spectrum nmr vacuum symmetry hamiltonian "
        "lattice orbital genotype allele 量子 分子 原子 电子 蛋白 基因 辐射 反应 能量",
    ),
    "abstract_maths": Cues(
        4,
        "uncountable countable cardinality bijective injective surjective homeomorphism theorem prime primes "
        "integer integers polynomial group ring field vector space subspace topology "
        "topological continuous convergent convergence sequence series limit function functions bijection "
        "finite infinite cyclic abelian modulo mod congruent divisible graph vertices edges matrix eigenvalue "
        "linear set sets subset real complex rational irrational primtal primzahl primzahlen grupp gruppe 素数 "
        "连续 收敛 实数 整数 集合 矩阵 向量",
    ),
    "clinical": Cues(
        3,
        "patient patients diagnosis diagnose differential dose dosage dosing syndrome presents presenting "
        "presented acute creatinine egfr haemoglobin hemoglobin serum platelet platelets renal cardiac ecg "
        "ekg mmhg dl pregnant weeks biopsy anticoagulation hypotension tachycardia dyspnoea dyspnea elevation "
        "lesion lesions bilateral prognosis contraindicated comorbidities sepsis resuscitation metastatic "
        "patientin patienten behandlung therapie hjärtsvikt njursvikt behandling handläggning "
        "患者 诊断 治疗 症状 病人",
    ),
    "law_and_money": Cues(
        3,
        "liable liability contract clause statute jurisdiction plaintiff defendant court courts law legal "
        "tort negligence damages constitutional amendment tax taxes taxation audit equity bonds portfolio "
        "volatility hedge inflation monetary fiscal regulation compliance gdpr haftung rechtsprechung 合同 法律 "
        "责任 政策",
    ),
    "puzzle": Cues(
        3,
        "puzzle riddle logic logical lies liar liars truth weigh weighings coins row next opposite neither "
        "either possible consistent arrangement order seated sits argument valid premise conclusion rule "
        "sequence lügt wahrheit lügen sant ljuger miente 真话 说谎 谜题 推断",
    ),
    "units": Cues(
        12,
        "kg mg lb lbs lbm lbf cm mm km ft inch inches mi mph sec seconds minutes hr hours mol moles atm torr "
        "pa kpa psi psia bar kj cal kcal btu ev degrees kv volt volts kw hp ohm ohms amp amperes ma hz khz "
        "mhz rpm ml percent mathrm",
    ),
}  # fmt: skip
"""All kinds of cue by name."""


def _kinds_by_word() -> dict[str, tuple[int, ...]]:
    kinds: dict[str, tuple[int, ...]] = {}
    for position, cues in enumerate(LEXICON.values()):
        for word in cues.words.split():
            kinds[word] = (*kinds.get(word, ()), position)
    return kinds


WORD_KINDS = _kinds_by_word()
"""For each cue the positions, in `LEXICON`, of the kinds it belongs to."""


def cue_counts(words: Mapping[str, int]) -> list[int]:
    """How many cues of each kind of `LEXICON` occur in counted `words`."""
    counts = [0] * len(LEXICON)
    for word in WORD_KINDS.keys() & words.keys():
        for kind in WORD_KINDS[word]:
            counts[kind] += words[word]
    return counts
