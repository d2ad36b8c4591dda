package server

import (
	"bytes"
	"testing"

	"praetor/catalog"
	"praetor/kv"
)

// TestTheHashCoversAllThatIsReplicated: each part of a View changes it, and
// saving and loading does not.
func TestTheHashCoversAllThatIsReplicated(t *testing.T) {
	base := View{Index: 7, Term: 2, KV: kv.New(), Catalog: catalog.New()}
	for part, change := range map[string]func(*View){
		"the index":     func(v *View) { v.Index++ },
		"the term":      func(v *View) { v.Term++ },
		"the autopilot": func(v *View) { v.Autopilot.Config.MaxTrailingLogs++ },
		"its indexes":   func(v *View) { v.Autopilot.ModifyIndex++ },
		"an upload":     func(v *View) { v.upload = &upload{id: 3, size: 9, got: 1, parts: [][]byte{{1}}} },
	} {
		v := base
		change(&v)
		if v.Hash() == base.Hash() {
			t.Errorf("%s changed, but not the hash", part)
		}
		var saved bytes.Buffer
		if err := SaveView(&saved, &v); err != nil {
			t.Fatal(err)
		}
		again, err := LoadView(&saved)
		if err != nil {
			t.Fatal(err)
		}
		if again.Hash() != v.Hash() {
			t.Errorf("with %s changed, the hash is another one after saving and loading", part)
		}
	}
}
