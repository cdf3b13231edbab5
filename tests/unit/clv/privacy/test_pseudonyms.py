import hashlib
import hmac

from clv.warehouse.pseudonyms import customer_key, customer_keys


def test_a_key_is_the_head_of_the_keyed_digest():
    assert customer_key(b"secret", "13085") == hmac.new(b"secret", b"13085", hashlib.sha256).digest()[:16]


def test_keys_differ_by_secret_and_namespace_alone():
    keys = {
        customer_key(b"a", "1"),
        customer_key(b"b", "1"),
        customer_key(b"a", "1", "eu"),
        customer_key(b"a", "1", "us"),
    }
    assert len(keys) == 4
    assert customer_keys(b"a", ["1", "2", "1"])[0] == customer_keys(b"a", ["1"])[0]
