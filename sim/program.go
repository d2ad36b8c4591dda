package sim

import (
	"encoding/binary"
	"hash/crc32"
	"slices"
)

// speech is which version of the gossip protocol the program on a host speaks.
// The code that runs is this one; what it sends is changed on its way out to
// what another version would send.
type speech uint8

const (
	present speech = iota
	older          // a version that nobody understands any more: all that it says is refused
	newer          // the same version with a section of a kind that is not known yet: it is skipped
)

// program is what runs on a host.
type program struct {
	speech speech
	deed   *deed // that put it there, or nil
}

// The layout of a gossip message: version, checksum of what follows it, the
// rest. See package swim.
const (
	gossipSum   = 1
	gossipBody  = 5
	futureKind  = 200
	roomForMore = 1000 // bytes; a longer message has no room for another section
)

// speak returns a message as the host's program writes it.
func (b program) speak(msg []byte) []byte {
	switch b.speech {
	case older:
		msg = slices.Clone(msg)
		msg[0] = 0
	case newer:
		if len(msg) > roomForMore {
			return msg
		}
		msg = append(slices.Clone(msg), futureKind, 4, 'n', 'e', 'w', 's')
		binary.BigEndian.PutUint32(msg[gossipSum:], crc32.Checksum(msg[gossipBody:], castagnoli))
	}
	return msg
}
