"""Keys, tokens and passwords."""

import re

from router.sensitive.pattern import SensitivePattern

_SOME_DIGIT = "(?=[A-Za-z_-]{0,60}[0-9])"
"""What follows is no row of words."""

_TOKENS = (
    rf"[srp]k[-_](?:[a-z]{{2,12}}[-_])?{_SOME_DIGIT}[A-Za-z0-9_-]{{20}}",  # OpenAI, Anthropic, Stripe, ElevenLabs …
    r"whsec_[A-Za-z0-9+/]{24}",
    # Clouds
    r"(?:A3T[A-Z0-9]|AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}",
    r"ABSK[A-Za-z0-9+/]{40}",
    r"AIza[A-Za-z0-9_-]{30}",
    r"ya29\.[A-Za-z0-9_-]{20}",
    r"GOCSPX-[A-Za-z0-9_-]{20}",
    r"LTAI[A-Za-z0-9]{16}",
    r"[A-Za-z0-9_~.]{3}[0-9]Q~[A-Za-z0-9_~.-]{31}",  # Azure
    r"AccountKey=[A-Za-z0-9+/]{40}",
    r"do[opr]_v1_[a-f0-9]{40}",
    # Models and what stands around them
    rf"(?:gsk|fw|r8|tgp_v1|pcsk|jina|napi|csk|voyage|pa)[-_]{_SOME_DIGIT}[A-Za-z0-9_-]{{30}}",
    rf"(?:xai|nvapi|pplx|tvly|tvly-dev|fc|api-org|sk-or-v1|lsv2_pt|lsv2_sk)[-_]{_SOME_DIGIT}[A-Za-z0-9_-]{{20}}",
    r"hf_[A-Za-z]{30}|hf_[A-Za-z0-9]{34}",  # often without any digit
    # Code and packages
    r"gh[pousr]_[A-Za-z0-9]{36}",
    r"github_pat_[A-Za-z0-9_]{22}",
    r"gl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|soat)-[A-Za-z0-9_-]{20}",
    r"npm_[A-Za-z0-9]{36}",
    r"pypi-[A-Za-z0-9_-]{32}",
    r"rubygems_[a-f0-9]{48}",
    r"dckr_[op]at_[A-Za-z0-9_-]{20}",
    r"A[TC][ATC]TT3[A-Za-z0-9_=-]{40}",
    r"hv[sb]\.[A-Za-z0-9_-]{20}",
    r"[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{40}",
    r"pul-[a-f0-9]{40}",
    r"dp\.(?:pt|st|ct|sa)\.[A-Za-z0-9._-]{40}",
    r"ops_eyJ[A-Za-z0-9+/]{60}",
    r"AGE-SECRET-KEY-1[A-Z0-9]{40}",
    # Services
    r"xox[abeoprs]-[A-Za-z0-9-]{10}",
    r"xapp-[0-9]-[A-Za-z0-9-]{20}",
    r"[MNO][A-Za-z0-9_-]{23,25}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27}",  # Discord
    r"[0-9]{8,10}:AA[A-Za-z0-9_-]{33}",  # Telegram
    r"SG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{16}",
    r"(?:SK|AC)[a-f0-9]{32}",
    r"key-[a-f0-9]{32}",
    r"[a-f0-9]{32}-us[0-9]{1,2}",
    r"shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}",
    r"sq0[a-z]{3}-[A-Za-z0-9_-]{22}",
    r"dapi[a-f0-9]{32}",
    r"(?:figd|figu|ntn|secret|lin_api|nfp|sbp|sb_secret|pscale_tkn|pscale_pw|glsa|glc|sntry[su]|re|phc|phx)_"
    rf"{_SOME_DIGIT}[A-Za-z0-9_-]{{30}}",
    r"(?:NRAK|PMAK|HRKU)-[A-Za-z0-9-]{20}",
    r"pat[A-Za-z0-9]{14}\.[a-f0-9]{64}",
    r"dt0c01\.[A-Z0-9]{24}\.",
    r"eyJ[A-Za-z0-9_-]{10,150}\.eyJ[A-Za-z0-9_-]{10}",  # a JSON web token
)
_NAMES = (
    r"pass(?:word|wd|phrase|code)|\bpwd|passwort(?: lautet)?|kennwort|losenord|mot de passe|contrasena|"
    r"(?:api|secret|private|access|auth|client)[_ -]?(?:key|token|secret)|secret|(?:openai|azure|model|cloud)_key"
)
# A value without any digit is usually a variable's name.
_VALUE = r"(?=\S{0,40}[0-9])[^\s\"'<>(){}$]{8}"


_QUOTES = r"[\"'\\*`]{0,3}"
"""What may stand around a name or a value: quotation marks, and signs of layout."""


def secret_keys() -> list[SensitivePattern]:
    """Keys with a known form, private keys, passwords in addresses, and values beside a word such as ``password``."""
    return [
        SensitivePattern(re.compile(rf"(?<![A-Za-z0-9])(?:{'|'.join(_TOKENS)})")),
        SensitivePattern(re.compile(r"-----BEGIN[A-Z\s_]{1,30}PRIVATE[\s_]KEY")),
        SensitivePattern(
            re.compile(
                rf"(?:{_NAMES}){_QUOTES}\s{{0,3}}(?:[:=]{{1,2}}|=>| is|[|>]){_QUOTES}\s{{0,3}}{_QUOTES}{_VALUE}"
            ),
            lower=True,
        ),
        SensitivePattern(re.compile(rf"(?:bearer|basic|token) (?=[a-z0-9+/=._-]{{20}}){_VALUE}"), lower=True),
        # Options of commands: --password hunter2hunter2, -u anna:hunter22
        SensitivePattern(re.compile(rf"--(?:{_NAMES})[ =]{_QUOTES}{_VALUE}"), lower=True),
        SensitivePattern(
            re.compile(rf"(?<![\w-])-(?:u|-user) {_QUOTES}[\w.@-]{{1,64}}:(?=\S{{0,40}}[0-9])[^\s\"']{{6}}")
        ),
        # postgres://anna:hunter22@db.example.org
        SensitivePattern(re.compile(r"://[^\s/:@\"'<>{}$\[\]]{1,64}:[^\s/:@\"'<>{}$\[\]]{3,128}@[\w.-]{2}")),
    ]
