package server

import (
	"encoding/binary"
	"hash/fnv"

	"praetor/internal/wire"
)

// Hash returns a digest of all that is replicated: of two servers that applied
// the same log it is the same, also if one of them began from a snapshot. It
// takes time in proportion to the state.
func (v *View) Hash() uint64 {
	sum := fnv.New64a()
	head := wire.AppendUvarint(nil, v.Index)
	head = wire.AppendUvarint(head, v.Term)
	head = wire.AppendUvarint(head, v.Autopilot.CreateIndex)
	head = wire.AppendUvarint(head, v.Autopilot.ModifyIndex)
	head = appendAutopilotConfig(head, v.Autopilot.Config)
	head = binary.BigEndian.AppendUint64(head, v.KV.Hash())
	head = binary.BigEndian.AppendUint64(head, v.Catalog.Hash())
	sum.Write(head)
	v.upload.save(sum) // a hash takes all that is written
	return sum.Sum64()
}
