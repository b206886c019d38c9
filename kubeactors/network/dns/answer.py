"""Answers to DNS queries: pure functions of a zone and a query.

Source: RFC 1034 4.3.2 (the algorithm), RFC 2308 (negative answers have the SOA), RFC 6604 (the code of a chain is
that of its last name), RFC 8020 (a name with names below it exists); CoreDNS, which shuffles addresses (loadbalance)
and refuses queries for other zones.
"""

from random import Random
from typing import TypeVar

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from kubeactors.network.dns.records import CLUSTER_DOMAIN, Record
from kubeactors.network.dns.zone import Zone, apex_of

T = TypeVar("T")

TTL_SECONDS = 5
MAX_CHAIN = 8
"""The maximum number of CNAMEs that are followed."""
HEADER_BYTES = 12
UNKNOWN_TYPES = frozenset({"AXFR", "IXFR"})


def answer_bytes(zone: Zone, query: bytes, max_bytes: int, random: Random) -> bytes | None:
    """The answer to a query, both in wire format. None: do not answer, since the message is an answer, or too short.

    Args:
        zone: the records.
        query: a DNS message.
        max_bytes: a longer answer is truncated; 0 stands for the limit of a datagram, 512 unless the query has a larger
            one (EDNS).
        random: shuffles addresses.
    """
    if len(query) < HEADER_BYTES or query[2] & 0x80:
        return None
    try:
        asked = dns.message.from_wire(query)
    except (dns.exception.DNSException, ValueError):
        return _refusal(query, dns.rcode.FORMERR)
    if asked.opcode() != dns.opcode.QUERY:
        return _refusal(query, dns.rcode.NOTIMP)
    if len(asked.question) != 1:
        return _refusal(query, dns.rcode.FORMERR)
    room = max_bytes or max(asked.payload if asked.edns >= 0 else 0, 512)
    return answer(zone, asked, random).to_wire(max_size=room, prefer_truncation=True, want_shuffle=False)


def answer(zone: Zone, query: dns.message.Message, random: Random) -> dns.message.Message:
    """The answer to a query with one question."""
    (question,) = query.question
    reply = dns.message.make_response(query)
    apex = apex_of(_text(question.name))
    kind = dns.rdatatype.to_text(question.rdtype)
    if apex is None or question.rdclass != dns.rdataclass.IN or kind in UNKNOWN_TYPES:
        reply.set_rcode(dns.rcode.REFUSED)
        return reply
    reply.flags |= dns.flags.AA
    if not _answer_question(zone, reply, question.name, kind, random):
        (soa,) = (one for one in zone.find(CLUSTER_DOMAIN) or () if one.type == "SOA")
        reply.authority.append(_rrset(dns.name.from_text(apex), (soa,)))
    _add_targets(zone, reply)
    return reply


def _answer_question(zone: Zone, reply: dns.message.Message, name: dns.name.Name, kind: str, random: Random) -> bool:
    """Follow CNAMEs and add the records asked for. False if the last name has none of the type, or does not exist."""
    for _ in range(MAX_CHAIN):
        records = zone.find(_text(name))
        if records is None:
            reply.set_rcode(dns.rcode.NXDOMAIN)
            return False
        found = tuple(one for one in records if kind in {one.type, "ANY"})
        if found:
            reply.answer.extend(_by_type(name, _shuffled(found, random)))
            return True
        alias = next((one for one in records if one.type == "CNAME"), None)
        if alias is None:
            return False
        reply.answer.append(_rrset(name, (alias,)))
        name = dns.name.from_text(alias.data)
        if apex_of(_text(name)) is None:
            return True  # the resolver continues in another zone
    return True


def _by_type(name: dns.name.Name, records: tuple[Record, ...]) -> list[dns.rrset.RRset]:
    types = dict.fromkeys(one.type for one in records)
    return [_rrset(name, tuple(one for one in records if one.type == kind)) for kind in types]


def _add_targets(zone: Zone, reply: dns.message.Message) -> None:
    """Add the addresses of the targets of SRV records, to save a query."""
    found = (one for rrset in reply.answer if rrset.rdtype == dns.rdatatype.SRV for one in rrset.to_text().split("\n"))
    for host in dict.fromkeys(line.rpartition(" ")[2] for line in found):
        name = dns.name.from_text(host)
        addresses = tuple(one for one in zone.find(_text(name)) or () if one.type in {"A", "AAAA"})
        reply.additional.extend(_by_type(name, addresses))


def _rrset(name: dns.name.Name, records: tuple[Record, ...]) -> dns.rrset.RRset:
    kind = dns.rdatatype.from_text(records[0].type)
    found = [dns.rdata.from_text(dns.rdataclass.IN, kind, one.data) for one in records]
    return dns.rrset.from_rdata_list(name, TTL_SECONDS, found)


def _shuffled(items: tuple[T, ...], random: Random) -> tuple[T, ...]:
    return tuple(random.sample(items, len(items))) if len(items) > 1 else items


def _text(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True)


def _refusal(query: bytes, code: dns.rcode.Rcode) -> bytes:
    reply = dns.message.Message(id=int.from_bytes(query[:2], "big"))
    reply.flags = dns.flags.QR | (int.from_bytes(query[2:4], "big") & (0x7800 | dns.flags.RD))
    reply.set_rcode(code)
    return reply.to_wire()
