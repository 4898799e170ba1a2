"""Whether what an operator names can serve: asked before anything starts, answered in words.

Each function returns what the setting must be, or nothing where it will do. It judges what the
libraries will make of the address, so that none of them can meet one that it cannot read.
"""

import email.utils
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
UNREADABLE = (ValueError, ImproperlyConfigured)


def scheme_of(url: str) -> str:
    """What stands before `://`; empty where that is missing."""
    before, found, _ = url.partition("://")
    return before.lower() if found else ""


def database(url: str) -> str:
    """A database of PostgreSQL."""
    wanted = "must be a postgresql:// address that names a database"
    if scheme_of(url) not in DATABASES:
        return wanted
    try:
        return "" if Env.db_url_config(url)["NAME"] else wanted
    except UNREADABLE:
        return f"{wanted}, with %XX for each special sign of a password"


def broker(url: str) -> str:
    """One Valkey, Redis or RabbitMQ; several of them stand between semicolons."""
    wanted = "must be a redis://, rediss://, amqp:// or amqps:// address"
    for one in url.split(";"):
        if scheme_of(one) not in BROKERS:
            return wanted
        try:
            found = urlsplit(one)
            _ = found.port
        except UNREADABLE:
            return f"{wanted}, with %XX for each special sign of a password"
        if not (found.path if found.scheme == "redis+socket" else found.hostname):
            return f"{wanted} that names a host"
    return ""


def counter(url: str) -> str:
    """Where requests are counted: a Valkey or Redis, or each process by itself."""
    wanted = "must be a redis:// or rediss:// address, or locmemcache://"
    if scheme_of(url) not in COUNTERS:
        return wanted
    try:
        found = Env.cache_url_config(url)
        if scheme_of(url) != "locmemcache":
            redis.ConnectionPool.from_url(found["LOCATION"])  # reads it, connects to nothing
    except UNREADABLE:
        return wanted
    return ""


def mail_server(url: str) -> str:
    """A mail server to which codes and links go unread by others: by TLS, or on this machine."""
    wanted = "must be an smtp+tls:// or smtp+ssl:// address (smtp:// on this machine alone)"
    if scheme_of(url) not in MAIL_SERVERS:
        return wanted
    try:
        found = Env.email_url_config(url)
    except UNREADABLE:
        return f"{wanted}, with %XX for each special sign of a password"
    host = found["EMAIL_HOST"]
    safe = found.get("EMAIL_USE_TLS") or found.get("EMAIL_USE_SSL") or host in LOCAL
    return "" if host and safe else wanted


def mail_door(url: str) -> str:
    """Whatever takes mail where nobody real is written to: a file or the terminal will do."""
    try:
        Env.email_url_config(url)
    except UNREADABLE:
        return "must be an address such as smtp+tls://user:password@host:587 or consolemail://"
    return ""


def sender(address: str) -> str:
    """An e-mail address, with or without a name before it."""
    try:
        validate_email(email.utils.parseaddr(address)[1])
    except ValidationError:
        return "must be an e-mail address"
    return ""


def site(url: str, hosts: list[str]) -> str:
    """Where people come in, and links in mails lead: by TLS, to a host that is answered for."""
    wanted = "must be the https:// address that mails link to"
    try:
        found = urlsplit(url)
        host, _ = found.hostname, found.port
    except UNREADABLE:
        return wanted
    if found.scheme != "https" or not host or found.path or found.query or found.fragment:
        return wanted
    if hosts and not any(is_same_domain(host, one) for one in hosts):
        return "must be at one of ALLOWED_HOSTS, or every link in a mail is dead"
    return ""


def origin(url: str) -> str:
    """Another origin of forms, as Django compares them; `*.` before a host stands for any."""
    return "" if scheme_of(url) in ("https", "http") else "must be https:// addresses"
