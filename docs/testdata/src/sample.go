package sample

// The sizes of things.
const (
	Small = 1
	Large = 2
)

var single = "one"

// A Log is a list.
type Log struct{ entries []string }

type (
	// An Index counts from 1.
	Index uint64

	// A Pair is generic.
	Pair[K, V any] struct {
		Key   K
		Value V
	}
)

// Append adds an entry.
func (l *Log) Append(entry string) Index {
	l.entries = append(l.entries, entry)
	if len(l.entries) > Large {
		panic("too many")
	}
	return l.last()
}

func (l Log) last() Index { return Index(len(l.entries)) }

// Swap turns a pair around.
func (p *Pair[K, V]) Swap() Pair[V, K] {
	return Pair[V, K]{p.Value, p.Key}
}

// New returns an empty Log.
func New() *Log {
	return &Log{}
}
