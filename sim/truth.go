package sim

import (
	"strings"
	"time"

	"praetor/kv"
)

// truth is what the committed log makes of the keys, version by version: a
// second key/value store, so simple that it is right. The checkers hold what
// servers answer against it.
type truth struct {
	byKey map[string]*timeline
	keys  []*timeline // in the order of their first version
}

// timeline is all that a key ever was.
type timeline struct {
	key      string
	versions []version
}

// version is what a key was from one index of the log on.
type version struct {
	index uint64
	since time.Duration // when a server applied it first
	there bool
}

// apply carries out a command, and reports whether it changed something, and
// whether its condition, if it has one, was met.
func (t *truth) apply(now time.Duration, index uint64, c kv.Command) (changed, met bool) {
	if c.Op == kv.OpDeleteTree {
		for _, l := range t.keys {
			if strings.HasPrefix(l.key, c.Key) && l.at(index).there {
				l.versions = append(l.versions, version{index, now, false})
				changed = true
			}
		}
		return changed, true
	}
	l := t.timeline(c.Key)
	old := l.at(index)
	switch c.Op {
	case kv.OpSet:
	case kv.OpCAS:
		if old.there && old.index != c.CAS || !old.there && c.CAS != 0 {
			return false, false
		}
	case kv.OpDelete, kv.OpDeleteCAS:
		if !old.there {
			return false, true
		}
		if c.Op == kv.OpDeleteCAS && old.index != c.CAS {
			return false, false
		}
	default:
		return false, false // no client's
	}
	l.versions = append(l.versions, version{index, now, c.Op == kv.OpSet || c.Op == kv.OpCAS})
	return true, true
}

// timeline returns the timeline of a key.
func (t *truth) timeline(key string) *timeline {
	l := t.byKey[key]
	if l == nil {
		l = &timeline{key: key}
		if t.byKey == nil {
			t.byKey = map[string]*timeline{}
		}
		t.byKey[key] = l
		t.keys = append(t.keys, l)
	}
	return l
}

// read returns the timelines that an operation reads.
func (t *truth) read(op *operation) []*timeline {
	if op.kind != opList {
		return []*timeline{t.timeline(op.key)}
	}
	var ls []*timeline
	for _, l := range t.keys {
		if strings.HasPrefix(l.key, op.key) {
			ls = append(ls, l)
		}
	}
	return ls
}

// at returns the version at an index of the log. Before the first one a key is
// absent, since index 0.
func (l *timeline) at(index uint64) version {
	for i := len(l.versions) - 1; i >= 0; i-- {
		if l.versions[i].index <= index {
			return l.versions[i]
		}
	}
	return version{}
}

// next returns the version that follows an index, if there is one.
func (l *timeline) next(index uint64) (v version, ok bool) {
	for i := len(l.versions) - 1; i >= 0 && l.versions[i].index > index; i-- {
		v, ok = l.versions[i], true
	}
	return v, ok
}
