"""Validators for the addresses that an operator sets, run before anything starts.

Each returns what the setting must be, or "" if it is valid. They parse an address as the libraries
will, so that no library later fails on it.
"""

import email.utils
import re
from urllib.parse import urlsplit

import redis
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.validators import validate_email
from django.utils.http import is_same_domain
from environ import Env

DATABASES = ("postgresql", "postgres")
BROKERS = ("redis", "rediss", "redis+socket", "amqp", "amqps")
MAIL_SERVERS = ("smtp+tls", "smtp+ssl", "smtps", "smtp")
COUNTERS = ("redis", "rediss", "locmemcache")
LOCAL = ("localhost", "127.0.0.1", "::1")
MODEL_KEY = re.compile(r"CODESIGN_KEY_[A-Z0-9_]+", re.ASCII)
UNREADABLE = (ValueError, ImproperlyConfigured)


def scheme_of(url: str) -> str:
    """Return what precedes `://` in lower case, or ""."""
    scheme, separator, _rest = url.partition("://")
    return scheme.lower() if separator else ""


def page(url: str) -> str:
    """Check the address of a web page."""
    wanted = "must be an https:// address"
    try:
        parts = urlsplit(url)
    except ValueError:
        return wanted
    return "" if parts.scheme == "https" and parts.hostname else wanted


def folder(path: str) -> str:
    """Check the path of a folder."""
    return "" if path.startswith("/") else "must name folders by their whole path"


def model_server(entry: str) -> str:
    """Check the address of a server of language models, and the name of the key bound to it."""
    wanted = (
        "must be http:// or https:// addresses without a password or %, such as https://host/v1, "
        "or with a key https://host/v1=CODESIGN_KEY_X"
    )
    url, binds, key = entry.partition("=")
    if binds and not MODEL_KEY.fullmatch(key):
        return wanted
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return wanted
    valid = parts.scheme in ("http", "https") and parts.hostname and "@" not in parts.netloc
    valid = valid and "%" not in parts.path
    return "" if valid and not parts.query and not parts.fragment else wanted


def database(url: str) -> str:
    """Check the address of a PostgreSQL database."""
    wanted = "must be a postgresql:// address that names a database"
    if scheme_of(url) not in DATABASES:
        return wanted
    try:
        return "" if Env.db_url_config(url)["NAME"] else wanted
    except UNREADABLE:
        return f"{wanted}, with %XX for each special character of a password"


def broker(url: str) -> str:
    """Check one address of Valkey, Redis or RabbitMQ, or several separated by semicolons."""
    wanted = "must be a redis://, rediss://, amqp:// or amqps:// address"
    for address in url.split(";"):
        if scheme_of(address) not in BROKERS:
            return wanted
        try:
            parts = urlsplit(address)
            _ = parts.port
        except UNREADABLE:
            return f"{wanted}, with %XX for each special character of a password"
        if not (parts.path if parts.scheme == "redis+socket" else parts.hostname):
            return f"{wanted} that names a host"
    return ""


def counter(url: str) -> str:
    """Check where requests are counted: in Valkey or Redis, or in each process."""
    wanted = "must be a redis:// or rediss:// address, or locmemcache://"
    if scheme_of(url) not in COUNTERS:
        return wanted
    try:
        config = Env.cache_url_config(url)
        if scheme_of(url) != "locmemcache":
            redis.ConnectionPool.from_url(config["LOCATION"])  # parses only, does not connect
    except UNREADABLE:
        return wanted
    return ""


def mail_server(url: str) -> str:
    """Check the address of a mail server that is reached by TLS or runs on this machine."""
    wanted = "must be an smtp+tls:// or smtp+ssl:// address (smtp:// only for this machine)"
    if scheme_of(url) not in MAIL_SERVERS:
        return wanted
    try:
        config = Env.email_url_config(url)
    except UNREADABLE:
        return f"{wanted}, with %XX for each special character of a password"
    host = config["EMAIL_HOST"]
    safe = config.get("EMAIL_USE_TLS") or config.get("EMAIL_USE_SSL") or host in LOCAL
    return "" if host and safe else wanted


def mail_door(url: str) -> str:
    """Check an address for mail outside of production, where a file or the terminal is enough."""
    try:
        Env.email_url_config(url)
    except UNREADABLE:
        return "must be an address such as smtp+tls://user:password@host:587 or consolemail://"
    return ""


def sender(address: str) -> str:
    """Check an e-mail address, with or without a name before it."""
    try:
        validate_email(email.utils.parseaddr(address)[1])
    except ValidationError:
        return "must be an e-mail address"
    return ""


def site(url: str, hosts: list[str]) -> str:
    """Check the site's address: https, and one of the allowed hosts, because mails link to it."""
    wanted = "must be the https:// address that mails link to"
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except UNREADABLE:
        return wanted
    if parts.scheme != "https" or not host or parts.path or parts.query or parts.fragment:
        return wanted
    if hosts and not any(is_same_domain(host, allowed) for allowed in hosts):
        return "must be at one of ALLOWED_HOSTS, otherwise the links in mails do not work"
    return ""


def origin(url: str) -> str:
    """Check a trusted origin in Django's format; `*.` before a host allows its subdomains."""
    return "" if scheme_of(url) in ("https", "http") else "must be https:// addresses"
