"""Ed25519 signatures over exact bytes: make a key, sign, verify, rotate.

The envelope is DSSE (https://github.com/secure-systems-lab/dsse): the signed bytes travel inside
it as base64, so a verifier never has to rebuild them, and a phone needs no canonical JSON. More
than one key may sign one envelope; that is how a key is rotated.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from josi_utils.errors import JosiError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

#: Domain separation: a signature made for a manifest is good for nothing else.
MANIFEST_TYPE = "application/vnd.josi.manifest+json"

#: A manifest of a 1 GB model is about 20 kB; anything near this is not one of ours.
MAX_ENVELOPE_BYTES = 4 * 2**20


@dataclass(frozen=True)
class Verified:
    """What a good envelope held.

    Attributes
    ----------
    payload : bytes
        The signed bytes.
    keys : tuple of str
        The trusted public keys whose signature was good, never empty.
    """

    payload: bytes
    keys: tuple[str, ...]


def canonical_json(value: Any) -> bytes:
    """Return ``value`` as JSON with sorted keys, no spaces, UTF-8, no NaN, one line feed."""
    text = json.dumps(
        value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    )
    return text.encode("utf-8") + b"\n"


def key_id(public: str) -> str:
    """Return the short name of a public key: 16 hex digits of its SHA-256."""
    return hashlib.sha256(_public_bytes(public)).hexdigest()[:16]


def _public_bytes(public: str) -> bytes:
    try:
        raw = base64.b64decode(public.strip(), validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != 32:
        raise JosiError(
            f"public key {public.strip()[:16]!r}…: not an Ed25519 key; "
            "give the 44 characters of the .pub file"
        )
    return raw


def public_key(private: Ed25519PrivateKey) -> str:
    """Return the public half as 44 characters of base64, the form that goes into the app."""
    return base64.b64encode(private.public_key().public_bytes_raw()).decode("ascii")


def generate_key(path: Path | str, *, passphrase: str | None = None) -> str:
    """Make a signing key: PKCS #8 PEM at ``path`` (mode 0600), public half at ``path`` + ".pub".

    Parameters
    ----------
    path : path
        Where the private key goes; keep it out of the repository and of every backup in clear.
    passphrase : str, optional
        Encrypts the file.

    Returns
    -------
    str
        The public key.

    Raises
    ------
    JosiError
        If there is a file already: a lost signing key cannot be had again.
    """
    from cryptography.hazmat.primitives import serialization as ser
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    path = Path(path)
    private = Ed25519PrivateKey.generate()
    protection: ser.KeySerializationEncryption = (
        ser.BestAvailableEncryption(passphrase.encode()) if passphrase else ser.NoEncryption()
    )
    pem = private.private_bytes(ser.Encoding.PEM, ser.PrivateFormat.PKCS8, protection)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        # O_EXCL and the mode at birth: the key is at no moment readable by others.
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise JosiError(f"{path}: a key is there already; choose another name") from None
    with os.fdopen(handle, "wb") as stream:
        stream.write(pem)
        stream.flush()
        os.fsync(stream.fileno())
    public = public_key(private)
    path.with_name(path.name + ".pub").write_text(public + "\n", encoding="ascii")
    return public


def load_key(path: Path | str, *, passphrase: str | None = None) -> Ed25519PrivateKey:
    """Read a private key that :func:`generate_key` wrote.

    Parameters
    ----------
    path : path
        The PEM file.
    passphrase : str, optional
        Opens an encrypted one; left out, the environment's ``JOSI_KEY_PASSPHRASE`` is tried.

    Raises
    ------
    JosiError
        If the file is missing, not an Ed25519 key, or the passphrase does not open it.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise JosiError(f"{path}: cannot read the signing key ({error.strerror})") from None
    if b"ENCRYPTED" in data:
        passphrase = passphrase or os.environ.get("JOSI_KEY_PASSPHRASE")
        if not passphrase:
            raise JosiError(f"{path}: encrypted; put its passphrase into JOSI_KEY_PASSPHRASE")
    try:
        key = load_pem_private_key(data, passphrase.encode() if passphrase else None)
    except (ValueError, TypeError):
        raise JosiError(f"{path}: not a key, or the passphrase is wrong") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise JosiError(f"{path}: not an Ed25519 key; make one with `josi keygen`")
    return key


def read_public_keys(path: Path | str) -> tuple[str, ...]:
    """Return the public keys in a file, one a line; ``#`` starts a comment."""
    try:
        lines = Path(path).read_text(encoding="ascii", errors="replace").splitlines()
    except OSError as error:
        raise JosiError(f"{path}: cannot read public keys ({error.strerror})") from None
    keys = tuple(text for line in lines if (text := line.split("#")[0].strip()))
    for key in keys:
        _public_bytes(key)
    if not keys:
        raise JosiError(f"{path}: no public key in it")
    return keys


def _pre_authentication(payload_type: str, payload: bytes) -> bytes:
    kind = payload_type.encode("utf-8")
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def sign(
    payload: bytes, keys: Iterable[Ed25519PrivateKey], *, payload_type: str = MANIFEST_TYPE
) -> bytes:
    """Return the envelope of ``payload``, signed by every key given.

    Ed25519 draws no randomness, so the same payload and keys give the same bytes.

    Notes
    -----
    To rotate: sign with the old and the new key and list both in the manifest's
    ``trusted_keys``; once the installs have moved, list and sign with the new one alone.
    """
    message = _pre_authentication(payload_type, payload)
    signatures = [
        {
            "keyid": key_id(public_key(key)),
            "sig": base64.b64encode(key.sign(message)).decode("ascii"),
        }
        for key in keys
    ]
    return canonical_json(
        {
            "payload": base64.b64encode(payload).decode("ascii"),
            "payloadType": payload_type,
            "signatures": sorted(signatures, key=lambda s: s["keyid"]),
        }
    )


def open_envelope(envelope: bytes) -> tuple[bytes, str, list[dict[str, str]]]:
    """Return ``(payload, type, signatures)`` of an envelope, **nothing verified**."""
    if len(envelope) > MAX_ENVELOPE_BYTES:
        raise JosiError("manifest: larger than any of ours; refused")
    try:
        outer = json.loads(envelope.decode("utf-8"))
        payload = base64.b64decode(outer["payload"], validate=True)
        signatures = [
            {"keyid": str(s["keyid"]), "sig": str(s["sig"])} for s in outer["signatures"][:16]
        ]
        return payload, str(outer["payloadType"]), signatures
    except (ValueError, KeyError, TypeError, RecursionError):
        raise JosiError("manifest: not a signed envelope; nothing was changed") from None


def verify(
    envelope: bytes, trusted: Iterable[str], *, payload_type: str = MANIFEST_TYPE
) -> Verified:
    """Check an envelope against the public keys that are trusted.

    Raises
    ------
    JosiError
        If it is no envelope, of another type, or no trusted key has signed it.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    payload, kind, signatures = open_envelope(envelope)
    if kind != payload_type:
        raise JosiError(f"manifest: signed as {kind[:60]!r}, not as {payload_type!r}; refused")
    message = _pre_authentication(payload_type, payload)
    good = []
    for public in trusted:
        raw = _public_bytes(public)
        for signature in signatures:
            if signature["keyid"] != key_id(public):
                continue
            try:
                sig = base64.b64decode(signature["sig"], validate=True)
                Ed25519PublicKey.from_public_bytes(raw).verify(sig, message)
            except (InvalidSignature, ValueError):
                continue
            good.append(public)
            break
    if not good:
        raise JosiError("manifest: no trusted key has signed it; nothing was changed")
    return Verified(payload, tuple(good))
