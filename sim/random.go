package sim

import (
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2"
	"time"
)

// stream returns the random numbers of one part of a world: of a link, a disk,
// a server, a client. Each part has its own, made from the seed and the part's
// name, so that one more message on one link does not change the fate of the
// messages on all others, and a failing run that is edited still fails.
func stream(seed uint64, name string) *rand.Rand {
	b := binary.BigEndian.AppendUint64(nil, seed)
	sum := sha256.Sum256(append(b, name...))
	return rand.New(rand.NewPCG(binary.BigEndian.Uint64(sum[:]), binary.BigEndian.Uint64(sum[8:])))
}

// spread draws a duration in [low, low+width).
func spread(r *rand.Rand, low, width time.Duration) time.Duration {
	if width <= 0 {
		return low
	}
	return low + time.Duration(r.Int64N(int64(width)))
}
