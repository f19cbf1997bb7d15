"""Signatures: what is signed verifies, nothing else does; keys are made, kept and rotated."""

import base64
import json
import stat

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from josi_utils.errors import JosiError
from josi_utils.signing import (
    MAX_ENVELOPE_BYTES,
    canonical_json,
    generate_key,
    key_id,
    load_key,
    open_envelope,
    public_key,
    read_public_keys,
    sign,
    verify,
)


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keys")
    for name in ("old", "new", "rogue"):
        generate_key(folder / name)
    return {name: load_key(folder / name) for name in ("old", "new", "rogue")}


def test_key_file_is_private_and_its_public_half_is_beside_it(tmp_path):
    public = generate_key(tmp_path / "key")
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    assert read_public_keys(tmp_path / "key.pub") == (public,)
    assert public_key(load_key(tmp_path / "key")) == public


def test_key_is_never_overwritten(tmp_path):
    generate_key(tmp_path / "key")
    before = (tmp_path / "key").read_bytes()
    with pytest.raises(JosiError, match="there already"):
        generate_key(tmp_path / "key")
    assert (tmp_path / "key").read_bytes() == before


def test_passphrase_comes_from_the_environment_where_none_is_given(tmp_path, monkeypatch):
    public = generate_key(tmp_path / "key", passphrase="horse")
    monkeypatch.delenv("JOSI_KEY_PASSPHRASE", raising=False)
    with pytest.raises(JosiError, match="JOSI_KEY_PASSPHRASE"):
        load_key(tmp_path / "key")
    monkeypatch.setenv("JOSI_KEY_PASSPHRASE", "horse")
    assert public_key(load_key(tmp_path / "key")) == public
    generate_key(tmp_path / "open")
    load_key(tmp_path / "open")  # a key without one is not asked for it


def test_passphrase_locks_the_key(tmp_path):
    generate_key(tmp_path / "key", passphrase="horse")
    assert b"ENCRYPTED" in (tmp_path / "key").read_bytes()
    load_key(tmp_path / "key", passphrase="horse")
    for wrong in (None, "cow"):
        with pytest.raises(JosiError, match="passphrase"):
            load_key(tmp_path / "key", passphrase=wrong)


def test_other_kinds_of_key_are_refused(tmp_path):
    from cryptography.hazmat.primitives import serialization as ser
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    pem = X25519PrivateKey.generate().private_bytes(
        ser.Encoding.PEM, ser.PrivateFormat.PKCS8, ser.NoEncryption()
    )
    (tmp_path / "key").write_bytes(pem)
    with pytest.raises(JosiError, match="not an Ed25519 key"):
        load_key(tmp_path / "key")


@given(payload=st.binary(max_size=300))
@settings(max_examples=25, deadline=None)
def test_every_payload_comes_back_exactly(keys, payload):
    assert verify(sign(payload, [keys["old"]]), [public_key(keys["old"])]).payload == payload


def test_signing_is_deterministic(keys):
    assert sign(b"x", [keys["old"], keys["new"]]) == sign(b"x", [keys["new"], keys["old"]])


def test_signature_follows_the_dsse_specification(keys):
    """Checked against the bytes that the specification spells out, without our own helper."""
    envelope = json.loads(sign(b"hello", [keys["old"]], payload_type="text/x"))
    message = b"DSSEv1 6 text/x 5 hello"
    keys["old"].public_key().verify(base64.b64decode(envelope["signatures"][0]["sig"]), message)


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_any_changed_byte_is_noticed(keys, data):
    envelope = bytearray(sign(b'{"a": 1}', [keys["old"]]))
    at = data.draw(st.integers(0, len(envelope) - 2))
    envelope[at] ^= data.draw(st.integers(1, 255))
    try:
        verified = verify(bytes(envelope), [public_key(keys["old"])])
    except JosiError:
        return
    assert verified.payload == b'{"a": 1}'  # a change that means the same, as in a base64 tail


def test_stranger_is_refused(keys):
    with pytest.raises(JosiError, match="no trusted key"):
        verify(sign(b"x", [keys["rogue"]]), [public_key(keys["old"])])


def test_stranger_under_a_trusted_name_is_refused(keys):
    envelope = json.loads(sign(b"x", [keys["rogue"]]))
    envelope["signatures"][0]["keyid"] = key_id(public_key(keys["old"]))
    with pytest.raises(JosiError, match="no trusted key"):
        verify(json.dumps(envelope).encode(), [public_key(keys["old"])])


def test_unsigned_and_untrusting_are_refused(keys):
    with pytest.raises(JosiError, match="no trusted key"):
        verify(sign(b"x", []), [public_key(keys["old"])])
    with pytest.raises(JosiError, match="no trusted key"):
        verify(sign(b"x", [keys["old"]]), [])


def test_signature_for_another_purpose_is_refused(keys):
    envelope = sign(b"x", [keys["old"]], payload_type="text/plain")
    with pytest.raises(JosiError, match="signed as"):
        verify(envelope, [public_key(keys["old"])])


def test_both_keys_count_while_one_is_rotated(keys):
    envelope = sign(b"x", [keys["old"], keys["new"]])
    for name in ("old", "new"):
        assert verify(envelope, [public_key(keys[name])]).keys == (public_key(keys[name]),)


@given(junk=st.one_of(st.binary(max_size=200), st.recursive(
    st.none() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["payload", "payloadType", "signatures", "sig", "keyid"]), inner),
    max_leaves=8).map(lambda value: json.dumps(value).encode())))  # fmt: skip
@settings(max_examples=80, deadline=None)
def test_junk_is_one_clear_error(junk):
    with pytest.raises(JosiError):
        verify(junk, ["A" * 43 + "="])


def test_oversized_and_deeply_nested_are_refused_before_use():
    with pytest.raises(JosiError, match="larger"):
        open_envelope(b" " * (MAX_ENVELOPE_BYTES + 1))
    with pytest.raises(JosiError, match="not a signed envelope"):
        open_envelope(b"[" * 100_000)


@pytest.mark.parametrize("text", ["", "# only a comment\n", "short\n", "A" * 44 + "\n"])
def test_bad_public_key_files_are_refused(tmp_path, text):
    (tmp_path / "keys").write_text(text)
    with pytest.raises(JosiError):
        read_public_keys(tmp_path / "keys")


def test_canonical_json_does_not_depend_on_order():
    assert canonical_json({"b": 1, "a": "é"}) == canonical_json({"a": "é", "b": 1})
    assert canonical_json({"b": 1, "a": "é"}) == '{"a":"é","b":1}\n'.encode()
    with pytest.raises(ValueError):
        canonical_json({"a": float("nan")})
