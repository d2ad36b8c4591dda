package sim

import (
	"praetor/internal/server"
	"praetor/raft"
)

// stateOf is the state that a server had at an index.
type stateOf struct {
	hash uint64
	by   string
}

// hashEvery is how often states are compared: at the indexes that it divides,
// because a hash takes time in proportion to the state.
const hashEvery = 8

// checkState: the state machine is deterministic, so two servers that applied
// the same log up to the same index have the same state.
func (w *world) checkState(cl *cluster, p *process, v *server.View) {
	if v.Index%hashEvery == 0 {
		cl.reached(w, p.host.name, v)
	}
}

func (cl *cluster) reached(w *world, by string, v *server.View) {
	hash := v.Hash()
	old, ok := cl.states[v.Index]
	if !ok {
		cl.states[v.Index] = stateOf{hash, by}
		return
	}
	if old.hash != hash {
		w.fail("same index, same state", []string{old.by, by}, "at index %d the hash of %s is %x, that of %s is %x", raft.Index(v.Index), old.by, old.hash, by, hash)
	}
}

// checkReplicas: once all is quiet, all servers of a cluster are at the same
// index, with the same state.
func (w *world) checkReplicas() {
	last := map[*cluster]*process{}
	for _, h := range w.live() {
		cl := w.check.cluster(h.proc)
		if cl == nil {
			continue
		}
		v := h.proc.server.View()
		cl.reached(w, h.name, v)
		if p := last[cl]; p != nil && p.server.View().Index != v.Index {
			w.fail("all servers catch up", []string{p.host.name, h.name}, "%s is at index %d, %s at %d", p.host.name, raft.Index(p.server.View().Index), h.name, raft.Index(v.Index))
		}
		last[cl] = h.proc
	}
}
