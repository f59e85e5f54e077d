"""What counts as a secret: what betterleaks' rules find, formats that they lack, and what a label says to be one.

Every repetition is bounded or anchored by a look-behind, so that a hostile text costs linear time.
"""

import re
from collections.abc import Iterator
from functools import cache

from steps.ingest.assignments import assigned
from steps.ingest.columns import columns
from steps.ingest.labelled import labelled

# Patterns with a group named `value` replace that group only, so that what stands around a secret stays readable.
_FORMATS = tuple(
    re.compile(pattern, flags)
    for pattern, flags in (
        (r"-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z0-9 ]{0,30}-----|\Z)", re.DOTALL),
        (r"PuTTY-User-Key-File-\d.*?(?:Private-MAC:[^\n]*|\Z)", re.DOTALL),
        (r"://[^\s:/?#\[\]@{}]{0,200}:(?P<value>(?!\[)[^\s/?#{}\[\]$<]{1,200})@", 0),
        (r"://[^\s:/?#\[\]@{}]{0,200}:(?P<value>(?!\[|\d{1,5}/)[^\s?#{}\[\]$<@]{1,200})@(?=[\w.-]+)", 0),
        (r"(?<![\w:])[\w.*-]{1,100}:(?:\d{2,5}|\*):[\w*-]{1,60}:[\w*-]{1,60}:(?P<value>(?!\[)[^\s:\[]{4,100})", 0),
        (r"\bWIFI:[^\n]{0,100}?\bP:(?P<value>(?!\[)[^;\n\[]{3,80});", 0),
        (
            r"(?i:\b(?:set-)?cookie2?:)[^\n]{0,200}?(?i:sess\w{0,20}|\w{0,20}token|sid|csrf\w{0,12}|auth)=(?P<value>[^;\s\[]{8,400})",
            0,
        ),
        (r"(?<![\w~])[A-Za-z0-9]{3}\dQ~[\w~.-]{30,}", 0),
        (r"(?<![A-Za-z0-9])(?:secret_|ntn_|hf_|whsec_)[A-Za-z0-9]{30,}", 0),
        (r"\$(?:2[abxy]|[1567y]|apr1|argon2\w{0,3})\$[^\s\"'<>]{20,200}", 0),
        (r"(?<![0-9a-zA-Z])0x[0-9a-fA-F]{64}(?![0-9a-fA-F])", 0),
        (r"\bjdbc:oracle:\w+:[^\s/@]{1,100}/(?P<value>[^\s/@\[]{3,200})@", 0),
        (r"(?<![A-Za-z0-9])sk-(?:ant|proj|svcacct|or|admin|lf)-[\w-]{8,}", 0),
        (r"(?<![A-Za-z0-9])sk-(?:[A-Za-z0-9]{16,}[\w-]*|(?=[\w-]{0,60}\d)[\w-]{20,})", 0),
        (r"(?<![A-Za-z0-9])[srp]k_(?:live|test|prod)_[A-Za-z0-9]{8,}", 0),
        (r"(?<![A-Za-z0-9])gh[pousr]_[A-Za-z0-9_]{16,}", 0),
        (r"(?<![A-Za-z0-9])github_pat_\w{16,}", 0),
        (r"(?<![A-Za-z0-9])gl(?:pat|rt|ptt|dt|cbt|ft|soat|agent)-[\w-]{16,}", 0),
        (r"(?<![A-Za-z0-9])(?:xox[abeoprs]|xapp)-[A-Za-z0-9-]{8,}", 0),
        (r"(?<![A-Za-z0-9])(?:AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{12,}", 0),
        (
            r"(?<![A-Za-z0-9])(?:AKIA|ASIA)[0-9A-Z]{12,}[^\n]{0,80}?(?<![\w/+=])"
            r"(?P<value>(?=[\w/+=]{0,39}\d)[\w/+=]{40})(?![\w/+=])",
            0,
        ),
        (r"(?<![A-Za-z0-9])AIza[\w-]{30,}", 0),
        (r"(?<![A-Za-z0-9])(?:ya29\.|GOCSPX-|hv[sbr]\.|AGE-SECRET-KEY-1|pypi-AgE|ATATT3|ATCTT3|EAAC)[\w.-]{16,}", 0),
        (
            r"(?<![A-Za-z0-9])(?:hf|npm|gsk|whsec|r8|figd|fig[ou]|glsa|lin_api|shp(?:at|ca|pa|ss)|dckr_pat"
            r"|sntry[su]|sbp"
            r"|rubygems|pscale_(?:tkn|oauth|pw)|do[opr]_v1|ntn|napi|vercel|rnd|xkeysib|pul|tfp|fo1|dp\.(?:pt"
            r"|st|ct|sa))"
            r"[_.-](?=[\w.-]{0,60}\d)[\w.-]{16,}",
            0,
        ),
        (
            r"(?<![A-Za-z0-9])(?:xai|pplx|nvapi|tskey(?:-\w+)?|PMAK|NRAK|NRJS|sq0(?:atp|csp)|CFPAT|key)-"
            r"(?=[\w-]{0,60}\d)[\w-]{18,}",
            0,
        ),
        (r"(?<![A-Za-z0-9])dapi[0-9a-f]{32}(?:-\d)?(?![0-9a-f])", 0),
        (r"(?<![A-Za-z0-9])SG\.[\w-]{16,}\.[\w-]{16,}", 0),
        (r"(?<![\w-])eyJ[\w-]{5,}\.[\w-]{5,}(?:\.[\w-]*)?", 0),
        (r"(?<!\d)\d{8,10}:AA[\w-]{30,}", 0),
        (r"hooks\.slack\.com/(?:services|workflows|triggers)/(?P<value>(?!\[)[\w/]{16,})", 0),
        (r"discord(?:app)?\.com/api/webhooks/\d+/(?P<value>(?!\[)[\w-]{16,})", 0),
        (r"/IncomingWebhook/(?P<value>(?!\[)[\w/-]{16,})", 0),
        (
            r"[?&;](?:password|passwd|pwd|sig|signature|x-amz-signature|x-amz-security-token|x-goog-signature"
            r"|access_token|"
            r"id_token|refresh_token|api_?key|client_secret|auth|secret)=(?P<value>(?!\[)[^\s&#;\"'<>()\[\]]{6,400})",
            re.IGNORECASE,
        ),
        (r"[?&](?:key|token|code)=(?P<value>(?=[^\s&#]{0,60}\d)[^\s&#\"'<>()\[\]]{16,400})", re.IGNORECASE),
        (r"\bbearer\s+(?P<value>(?=[^\s\"']{0,60}\d)[\w.~+/=-]{10,})", re.IGNORECASE),
        (r"\bauthorization[\"']?\s*[:=]\s*[\"']?(?:bearer|basic|token)\s+(?P<value>[\w.~+/=-]{6,})", re.IGNORECASE),
        (r"\"auth\"\s*:\s*\"(?P<value>[\w+/=]{8,})\"", 0),
        (r"(?:\s-u ?|--user[ =])[\"']?[\w.@-]{1,60}:(?P<value>(?!\[|PASS|\$|<|//)[^\s\"'$]{3,100})", 0),
        (r"\b(?:mysql|mysqldump|mysqladmin|mariadb)\b[^\n]{0,200}?\s-p[\"']?(?P<value>[^\s\"'\[$-][^\s\"']{2,100})", 0),
        (r"<\w{0,20}(?i:password|passwd|secret|token|api_?key)\w{0,10}>\s*(?P<value>[^<>\s\[$]{4,200})\s*</", 0),
        (
            r"\b(?:sshpass|docker login|podman login|mongosh?|ldapsearch)\b[^\n]{0,200}?\s-[pw] ?[\"']?"
            r"(?P<value>[^\s\"'\[$-][^\s\"']{2,100})",
            0,
        ),
        (r"\bredis-cli\b[^\n]{0,200}?\s-a ?[\"']?(?P<value>[^\s\"'\[$-][^\s\"']{2,100})", 0),
        (r"--pass(?:word|wd|phrase)?[= ][\"']?(?P<value>(?!\[)[^\s\"'$<-][^\s\"']{2,100})", 0),
        (r"\blogin\s+\S{1,100}\s+password\s+(?P<value>(?!\[)\S{3,100})", 0),
        (r"\bcredentials?:\s*[\w.@-]{1,60}:(?P<value>(?!\[)[^\s,;\"']{4,100})", re.IGNORECASE),
        (r"\b(?i:(?:seed|recovery|mnemonic) (?:phrase|words))\W{1,3}(?P<value>(?:[a-z]{3,8} ){11,23}[a-z]{3,8})", 0),
        (r"(?i:\bpin(?: code| number)?\b)(?: is| was|:| =|=)? ?(?P<value>\d{3,8})(?![\w.,]*\d)", 0),
        (r"\b(?:CVV2?|CVC2?|TAN|PUK|OTP)(?: code| number)?(?: is| was|:| =|=)? ?(?P<value>\d{3,8})(?!\w)", 0),
        (r"\b(?i:licen[sc]e key)(?: is|:)? (?P<value>[A-Z0-9]{4,6}(?:-[A-Z0-9]{4,6}){2,6})(?!\w)", 0),
    )
)
_LONG, _REST = 190, re.compile(r"[\w.~+/=%-]*")  # a session token has thousands of characters
_NEXT = re.compile(r"[&;](?=[\w.-]{1,40}=)")  # where the next setting of a query or a connection string begins


def secrets(text: str) -> Iterator[tuple[int, int]]:
    """Yield the (start, end) of every secret in ``text``, in no fixed order."""
    for pattern in _FORMATS:
        for match in pattern.finditer(text):
            start, end = match.span("value") if "value" in pattern.groupindex else match.span()
            if end - start >= _LONG and (rest := _REST.match(text, end)):
                end = rest.end()
            yield start, start + len(text[start:end].rstrip(".,;:!?)\"'"))
    yield from assigned(text)
    yield from labelled(text)
    yield from columns(text)
    yield from _by_rules(text)


@cache
def _engine():
    from betterleaks import scan_string

    return scan_string


# Its rules end at a comment that anyone can write, and some of them take ordinary words for keys.
_ALLOWED = re.compile(r"(?:gitleaks|betterleaks):allow", re.IGNORECASE)
_TOO_WIDE = frozenset(
    (
        "generic-api-key",
        "sourcegraph-access-token",
        "generic-password",
        "curl-auth-user",
        "slack-webhook-url",
        "hashicorp-tf-password",
    )
)


def _by_rules(text: str) -> Iterator[tuple[int, int]]:
    found = _engine()(_ALLOWED.sub(lambda match: match[0][:-6] + " allow", text))
    whole = re.compile(r"[\w+.-]{1,30}://[^\s/@]{0,200}:[^\s/@]{1,200}@")  # an address: only its password goes
    kept = {one.secret for one in found if one.rule_id not in _TOO_WIDE and len(one.secret) >= 8}
    for secret in {_NEXT.split(secret)[0] for secret in kept if not whole.match(secret)}:
        for match in re.finditer(re.escape(secret), text):
            yield match.span()
