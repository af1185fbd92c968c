"""What librdkafka's complaints about a connection mean for whoever wrote the configuration."""

import re

from confluent_kafka import KafkaError as ClientError

# The client tries again for ever, also where only a person can help: these are the ways to learn which it is.
_REFUSALS = (ClientError._AUTHENTICATION, ClientError._SSL)
_CLIENT_CERTIFICATE_REFUSED = re.compile(r"alert (certificate|bad certificate|unknown ca|unsupported certificate)")
_NO_TLS_THERE = re.compile(r"PLAINTEXT broker listener|wrong version number", re.IGNORECASE)
_TIMING = re.compile(r" \(after \d+ms in state [A-Z_]+[^)]*\)$")
_PROPERTY_KEYS = {
    "ssl.ca.location": "ca_file",
    "ssl.certificate.location": "certificate_file",
    "ssl.key.location": "key_file, key_password_file",
}


def is_refusal(error: ClientError) -> bool:
    """Tell whether one of the two sides did not accept the other: waiting does not mend that, a person does."""
    return error.code() in _REFUSALS or bool(
        _CLIENT_CERTIFICATE_REFUSED.search(error.str()) or _NO_TLS_THERE.search(error.str())
    )


def explain(error: ClientError) -> str | None:
    """Return one sentence, with the keys under `kafka.security` that it points to; None where others say why.

    It holds addresses and names of mechanisms, never a secret.
    """
    if error.code() == ClientError._ALL_BROKERS_DOWN:
        return None
    text = _TIMING.sub("", error.str())
    keys = _keys(error.code(), text)
    return f"{text}; see {keys} under kafka.security" if keys else text


def _keys(code: int, text: str) -> str | None:
    if _NO_TLS_THERE.search(text):
        return "protocol"
    if _CLIENT_CERTIFICATE_REFUSED.search(text):
        return "certificate_file, key_file"
    if code == ClientError._AUTHENTICATION:
        return "username_file, password_file, sasl_mechanism"
    if code == ClientError._SSL:
        return "ca_file"
    return next((keys for name, keys in _PROPERTY_KEYS.items() if f"{name} failed" in text), None)
