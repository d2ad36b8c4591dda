package reach

import (
	"slices"
	"testing"
)

// fresh lets a test begin without any marks.
func fresh(t *testing.T) {
	old := marks
	marks = nil
	t.Cleanup(func() { marks = old })
}

func TestAMarkIsMissedUntilItIsHit(t *testing.T) {
	fresh(t)
	b, a := New("test/b"), New("test/a")
	if got := Missed(); !slices.Equal(got, []string{"test/a", "test/b"}) {
		t.Errorf("missed %v", got)
	}
	b.Hit()
	b.Hit()
	if got := Visited(); !slices.Equal(got, []Place{{"test/a", false}, {"test/b", true}}) {
		t.Errorf("visited %v", got)
	}
	a.Hit()
	if got := Missed(); got != nil {
		t.Errorf("missed %v", got)
	}
}

func TestANameIsUsedOnce(t *testing.T) {
	fresh(t)
	New("test/once")
	defer func() {
		if recover() == nil {
			t.Error("a second mark of one name is allowed")
		}
	}()
	New("test/once")
}

func BenchmarkHit(b *testing.B) {
	m := New("test/bench")
	for b.Loop() {
		m.Hit()
	}
}
