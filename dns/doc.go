// Package dns answers DNS questions from the catalog: "where is web?" becomes
// the addresses of the healthy instances of web, for every program that can
// resolve a host name.
//
// # What can be asked
//
//	[TAG.]NAME.service[.DC].consul         a service: A, AAAA, SRV, TXT, ANY
//	_NAME._TAG.service[.DC].consul         the same by RFC 2782; _tcp and _udp are no tags
//	NODE.node[.DC].consul                  a machine: A, AAAA, TXT (its metadata), ANY
//	HEX.addr[.DC].consul                   an address written in hex, for SRV targets
//	1.0.0.10.in-addr.arpa                  the nodes at 10.0.0.1: PTR; ip6.arpa likewise
//	consul, ns.consul                      the zone: SOA, NS and the servers' addresses
//
// The datacenter may be marked as such: web.service.dc2.dc.consul. Names have
// no case; the reply is in the asker's. What is in no zone of ours goes to the
// recursors, or is refused.
//
// # How a question is answered
//
// A [Handler] is a function: from the question, the transport, what the
// [Source] says and a random source, to the reply. It has no socket, no clock
// and no state, so the same code answers in a test, in the simulator and on
// the wire. A [Server] is the edge around it: UDP, TCP and the [Limits].
//
//	question ── refusal ── parseName ── Source ── usable ── shuffled ── fill ── reply
//	            NOTIMP     target       catalog   health    order       size
//	            FORMERR                           tag                   TC bit
//	            REFUSED
//
// # An example
//
// web runs on n1 (passing), n2 (warning) and n3 (critical):
//
//	$ dig web.service.consul SRV
//	web.service.consul. 0 IN SRV 1 2 80 n2.node.dc1.consul.    weight 2, it is in warning
//	web.service.consul. 0 IN SRV 1 10 80 n1.node.dc1.consul.
//	;; additional: the targets' addresses
//	n2.node.dc1.consul. 0 IN A 10.0.0.2
//	n1.node.dc1.consul. 0 IN A 10.0.0.1
//
// The scripts in testdata show every rule in this form.
//
// # What always holds
//
//   - An instance with a critical check, its own or its node's, is in no answer.
//   - A reply is never larger than the client can take. What did not fit is
//     announced by the TC bit, and if there is an answer that fits, the reply
//     holds one.
//   - A name in our zone never reaches a recursor.
//   - NXDOMAIN is said only of names that have nothing below them, either.
//   - "I do not know now" (SERVFAIL) is never told as "there is none" (NXDOMAIN).
//   - One question costs at most one look-up in a Source for each name on a
//     chain of aliases, and three questions to recursors.
//
// # A message
//
// The format is that of RFC 1035, 4.1; miekg/dns packs and unpacks it.
//
//	 0               2               4
//	+---------------+---------------+
//	| id            | QR op AA TC RD RA rcode
//	+---------------+---------------+
//	| questions     | answers       |   how many of each follow
//	+---------------+---------------+
//	| authority     | additional    |
//	+---------------+---------------+
//	| question: name, type, class   |
//	+-------------------------------+
//	| records: name (2 bytes if it stood before), type (2), class (2),
//	|   TTL in seconds (4), length of the data (2), data
//	+-------------------------------+
//
// # Where it differs from Consul
//
// Answers that were cut carry the TC bit unless [UDPLimits] says otherwise
// (issues 375, 788). Metadata and additional addresses go before any answer
// does (1931, 2335), for all types alike (17228). PTR uses an index (10577).
// Names that only lead to others (service.consul) are NOERROR, so that
// resolvers which ask label by label get through (RFC 8020, RFC 9156).
// Questions beyond the limits are turned away, not queued (534, 1535).
//
// Sources: RFC 1034 and 1035 (DNS), 2181 (TC), 2308 (negative answers), 2782
// (SRV), 1464 (TXT), 6891 (EDNS0), and Consul's documentation of its DNS
// interface.
package dns
