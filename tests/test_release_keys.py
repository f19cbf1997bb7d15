"""Which keys sign and which count: alone, rotated in, rotated out, with a phone looking on."""

import pytest
from delivery_world import make_manifest, put_channel, random_file

from josi_utils.download import Client, fetch
from josi_utils.errors import JosiError
from josi_utils.release_keys import keys_from_now_on, signing_keys
from josi_utils.serve import serve
from josi_utils.signing import generate_key, load_key


@pytest.fixture
def pair(tmp_path):
    """Return two key files and their public halves."""
    files = [tmp_path / "old.pem", tmp_path / "new.pem"]
    return files, [generate_key(file) for file in files]


def test_no_key_given_makes_one_to_look_with(tmp_path):
    (key,), words = signing_keys("", tmp_path / "room")
    assert key.is_file() and "throw-away" in words
    assert keys_from_now_on("", [key]) == ()
    (again,), _ = signing_keys(" , ", tmp_path / "room")
    assert again == key  # a new one under the old name


def test_two_keys_both_count_and_one_named_counts_alone(pair):
    files, publics = pair
    keys, words = signing_keys(f"{files[0]}, {files[1]}", files[0].parent)
    assert keys == files and words == "signed with old.pem and new.pem"
    assert list(keys_from_now_on("", keys)) == publics
    assert keys_from_now_on(f"{files[1]}.pub", keys) == (publics[1],)
    assert keys_from_now_on(publics[1], keys) == (publics[1],)
    assert keys_from_now_on("", files[:1]) == ()


def test_missing_key_says_how_to_make_one(tmp_path):
    with pytest.raises(JosiError, match="josi keygen"):
        signing_keys(str(tmp_path / "nothing.pem"), tmp_path)


def test_rotation_as_06_does_it(pair, tmp_path):
    """Both sign and both count; then the new one counts alone; the old one is worth nothing."""
    files, publics = pair
    site = tmp_path / "site"
    steps = [(files[:1], ""), (files, ""), (files, f"{files[1]}.pub"), (files[1:], "")]
    site.mkdir()
    with serve(site) as share:

        def release(number, keys, trusted):
            model = random_file(tmp_path / "made/josi.gguf", 1000, number)
            counted = keys_from_now_on(trusted, keys)
            more = {"trusted_keys": list(counted)} if counted else {}
            manifest = make_manifest(site, f"1.0.{number}", number, model=model, **more)
            put_channel(site, manifest, [load_key(key) for key in keys])
            return fetch(f"{share.url}channels/stable.json", tmp_path / "phone",
                         trusted=[publics[0]], client=Client(load=lambda *_: None))  # fmt: skip

        for number, (keys, trusted) in enumerate(steps, 1):
            assert release(number, keys, trusted).version == f"1.0.{number}"
        with pytest.raises(JosiError, match="no trusted key"):
            release(5, files[:1], "")
