package raft

import (
	"fmt"
	"slices"
	"strings"

	"praetor/internal/wire"
)

// Limits of an encoded configuration; a decoder refuses what is beyond.
const (
	maxIDBytes   = 255
	maxAddrBytes = 512
	maxPeers     = 1024
)

// AppendConfiguration appends the encoding of c, which is the data of an
// EntryConfig: three lists, each a count and that many pairs of ID and address.
//
//	+---------+----------------------+-----------+------------+
//	| version | count, (id, addr)... | learners  | outgoing   |
//	| u8 = 1  | voters               | likewise  | likewise   |
//	+---------+----------------------+-----------+------------+
func AppendConfiguration(dst []byte, c Configuration) []byte {
	dst = append(dst, codecVersion)
	for _, peers := range [...][]Peer{c.Voters, c.Learners, c.Outgoing} {
		dst = wire.AppendUvarint(dst, uint64(len(peers)))
		for _, p := range peers {
			dst = wire.AppendString(dst, string(p.ID))
			dst = wire.AppendString(dst, p.Addr)
		}
	}
	return dst
}

// DecodeConfiguration is the reverse of AppendConfiguration. It refuses what
// Validate refuses.
func DecodeConfiguration(b []byte) (Configuration, error) {
	r := wire.NewReader(b)
	c := readConfiguration(r)
	if err := r.Close(); err != nil {
		return Configuration{}, fmt.Errorf("raft: decode configuration: %w", err)
	}
	if err := c.Validate(); err != nil {
		return Configuration{}, err
	}
	return c, nil
}

func readConfiguration(r *wire.Reader) Configuration {
	readVersion(r)
	return Configuration{Voters: readPeers(r), Learners: readPeers(r), Outgoing: readPeers(r)}
}

func readPeers(r *wire.Reader) []Peer {
	n := r.Count(2)
	if n > maxPeers {
		r.Fail(fmt.Errorf("%w: %d peers, at most %d", wire.ErrTooLong, n, maxPeers))
	}
	if n == 0 || r.Err() != nil {
		return nil
	}
	peers := make([]Peer, n)
	for i := range peers {
		peers[i] = Peer{ID: NodeID(r.String(maxIDBytes)), Addr: r.String(maxAddrBytes)}
	}
	return peers
}

// Validate reports, as an ErrConfiguration, why c cannot be in force: it has
// no voter, an ID is empty, too long or stands twice in a list, or a learner
// is a voter too. An outgoing voter may be a learner: it becomes one when the
// change is through.
func (c Configuration) Validate() error {
	if len(c.Voters) == 0 {
		return fmt.Errorf("%w: it has no voter", ErrConfiguration)
	}
	if len(c.Voters)+len(c.Learners)+len(c.Outgoing) > maxPeers {
		return fmt.Errorf("%w: more than %d members", ErrConfiguration, maxPeers)
	}
	for _, peers := range [...][]Peer{slices.Concat(c.Voters, c.Learners), c.Outgoing} {
		ids := idsOf(peers)
		slices.Sort(ids)
		if len(slices.Compact(ids)) != len(peers) {
			return fmt.Errorf("%w: a member stands in it twice", ErrConfiguration)
		}
		for _, p := range peers {
			if p.ID == "" || len(p.ID) > maxIDBytes || len(p.Addr) > maxAddrBytes {
				return fmt.Errorf("%w: member %q has a bad ID or address", ErrConfiguration, p.ID)
			}
		}
	}
	return nil
}

// IsZero reports whether c is no configuration at all.
func (c Configuration) IsZero() bool { return len(c.Voters) == 0 }

// Joint reports whether c is a joint configuration (raft 6).
func (c Configuration) Joint() bool { return len(c.Outgoing) > 0 }

// IsVoter reports whether id has a vote, be it an outgoing one.
func (c Configuration) IsVoter(id NodeID) bool {
	return contains(c.Voters, id) || contains(c.Outgoing, id)
}

// IsLearner reports whether id only receives the log.
func (c Configuration) IsLearner(id NodeID) bool { return contains(c.Learners, id) && !c.IsVoter(id) }

// Contains reports whether id is a member of any kind.
func (c Configuration) Contains(id NodeID) bool { return c.IsVoter(id) || c.IsLearner(id) }

// Peer returns the member with the ID, and whether there is one.
func (c Configuration) Peer(id NodeID) (Peer, bool) {
	for _, peers := range [...][]Peer{c.Voters, c.Learners, c.Outgoing} {
		for _, p := range peers {
			if p.ID == id {
				return p, true
			}
		}
	}
	return Peer{}, false
}

// Equal reports whether the two say the same, in the same order.
func (c Configuration) Equal(d Configuration) bool {
	return slices.Equal(c.Voters, d.Voters) && slices.Equal(c.Learners, d.Learners) && slices.Equal(c.Outgoing, d.Outgoing)
}

// Clone returns a copy that shares nothing with c.
func (c Configuration) Clone() Configuration {
	return Configuration{Voters: slices.Clone(c.Voters), Learners: slices.Clone(c.Learners), Outgoing: slices.Clone(c.Outgoing)}
}

// String returns "voters n1 n2 n3", with "learners n4" and "outgoing n5" if
// there are any; "no members" for the zero configuration.
func (c Configuration) String() string {
	var parts []string
	for _, list := range [...]struct {
		name  string
		peers []Peer
	}{{"voters", c.Voters}, {"learners", c.Learners}, {"outgoing", c.Outgoing}} {
		if len(list.peers) == 0 {
			continue
		}
		parts = append(parts, list.name)
		for _, p := range list.peers {
			parts = append(parts, string(p.ID))
		}
	}
	if len(parts) == 0 {
		return "no members"
	}
	return strings.Join(parts, " ")
}

// quorum returns who must agree while c is in force.
func (c Configuration) quorum() quorum {
	return quorum{voters: idsOf(c.Voters), outgoing: idsOf(c.Outgoing)}
}

// memberIDs returns every member once, in the order of the IDs.
func (c Configuration) memberIDs() []NodeID {
	ids := idsOf(slices.Concat(c.Voters, c.Learners, c.Outgoing))
	slices.Sort(ids)
	return slices.Compact(ids)
}

func idsOf(peers []Peer) []NodeID {
	ids := make([]NodeID, len(peers))
	for i, p := range peers {
		ids[i] = p.ID
	}
	return ids
}

func contains(peers []Peer, id NodeID) bool {
	return slices.ContainsFunc(peers, func(p Peer) bool { return p.ID == id })
}
