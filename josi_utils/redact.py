"""Messages without secrets: what other people's libraries put into their errors is not ours to print.

Keys and tokens are read by the stores' own clients from their own places; a failing client may
quote a signed address or a header in its error all the same.
"""

from __future__ import annotations

import os
import re

#: What stands for a secret that was there.
HIDDEN = "…"

#: Values of a query (signed addresses carry signature and token there), with or without a scheme.
_QUERY = re.compile(r"(?<=[?&;])([\w.~%-]+)=[^\s&;'\"<>)\]]+")

#: ``user:password@`` of an address; the user alone is worth seeing.
_PASSWORD = re.compile(r"(?<=://)([^\s/:@'\"]*):[^\s/'\"]*@")

_BEARER = re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{6,}")

#: Tokens that can be told by their form: Hugging Face's, Google's, a private key in PEM.
_KNOWN = re.compile(
    r"\bhf_\w{8,}|\bya29\.[\w-]{8,}|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*-----|$)",
    re.DOTALL,
)

_SECRET_NAME = re.compile(r"SECRET|TOKEN|PASSWORD|PASSPHRASE", re.IGNORECASE)


def redacted(text: str) -> str:
    """Return ``text`` with passwords, tokens and values of queries hidden.

    Values of environment variables whose names say that they are secrets are hidden wherever
    they stand.
    """
    for name, value in os.environ.items():
        if _SECRET_NAME.search(name) and len(value) >= 8 and not value.startswith("/"):
            text = text.replace(value, HIDDEN)
    text = _KNOWN.sub(HIDDEN, text)
    text = _PASSWORD.sub(rf"\1:{HIDDEN}@", text)
    text = _BEARER.sub(rf"\1 {HIDDEN}", text)
    return _QUERY.sub(rf"\1={HIDDEN}", text)
