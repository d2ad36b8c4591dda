// Package keyring encrypts gossip: a ring of AES keys that all members share,
// of which one encrypts and all decrypt, so that keys can be changed while the
// cluster runs. It is pure: nonces are passed in, and a [Ring] never changes.
//
// # Use
//
//	ring, err := keyring.New(key)
//	c := keyring.Context{Label: "dc1", Kind: keyring.Datagram}
//	b := ring.Seal(nil, c, nonce, plain)   // a nonce of crypto/rand, never used before
//	plain, nonce, err := ring.Open(c, b)
//
//	next, err := ring.Do(keyring.Request{Op: keyring.Install, Key: newKey})
//
// # Format
//
//	0         1      2                14
//	+---------+------+----------------+------ ... ------+-------------------+
//	| version | kind | nonce          | AES-GCM of the  | authentication    |
//	| = 0x81  |      | (12 bytes)     | message         | tag (16 bytes)    |
//	+---------+------+----------------+------ ... ------+-------------------+
//
// Overhead bytes more than the message. No message in the clear begins with
// 0x81: its first byte is its version, which is small.
//
// Authenticated with it, but not sent, is the [Context]:
//
//	version | kind | label (length and bytes) | nonce of the message before
//
// So a message of one cluster means nothing to another that has the same key;
// a datagram cannot be passed off as a part of a stream; and on a stream each
// message is bound to the one that it answers. Nothing is parsed before it is
// authenticated but the first two bytes.
//
// A request to look at a ring or change it (Kind Control), and its reply:
//
//	request  operation (u8) | key (length and bytes; none to list)
//	reply    error (string, "" for none) | count | keys, the primary first
//
// A request comes on a stream of its own. The first one there only lists; the
// nonce of its reply, which the member that is asked has just drawn, is bound
// into the second. So a change of the ring cannot be recorded and played again.
//
// # Invariants
//
//   - The primary key is in the ring, and is never removed.
//   - A ring has 1 to MaxKeys keys, so that refusing a forgery costs that many
//     attempts and no more.
//   - A [Key] prints as a placeholder, whatever the verb: it does not get into
//     logs and errors by accident. Only Encode shows it.
//   - Comparing tags takes the same time whatever they are: crypto/cipher does it.
//
// # Bounds
//
// Nonces are random. When 2^32 messages were sealed with one key, by all
// members together, some two have had the same nonce with a chance of 2^-33
// (NIST SP 800-38D, 8.3, allows no more). That is 50 days for 1000 members of
// which each sends one message a second; change keys before it is over.
//
// A new key travels encrypted with the old one. So a rotation bounds how much is
// sealed with a key; it does not lock out who knows the old one and has
// recorded it. Against that only new keys help that were put on each agent by
// another way.
//
// What a replay can do: a datagram that was seen lately is recognized by its
// nonce ([Recent]). An older one is authentic and is served, and that is
// harmless by the protocol: acks count for their sequence number only, and what
// is said of a member counts only above the incarnation that is known. A member
// that left and was forgotten may appear once more, until it is found dead.
package keyring
