package server

import (
	"bytes"
	"fmt"
	"io"
	"testing"

	"praetor/catalog"
	"praetor/kv"
)

// BenchmarkSnapshot saves and loads a state of a million keys with values of
// 128 bytes. Saving delays nobody: the View does not change, and another
// goroutine writes it.
func BenchmarkSnapshot(b *testing.B) {
	const million = 1_000_000
	txn := kv.New().Txn()
	value := bytes.Repeat([]byte("v"), 128)
	for i := range uint64(million) {
		set := kv.Command{Op: kv.OpSet, Key: fmt.Sprintf("app/%03d/%06d", i%1000, i), Value: value}
		if _, err := txn.Apply(i+1, set); err != nil {
			b.Fatal(err)
		}
	}
	v := &View{Index: million, Term: 1, KV: txn.Commit(), Catalog: catalog.New()}
	var saved bytes.Buffer
	if err := SaveView(&saved, v); err != nil {
		b.Fatal(err)
	}
	b.Run("save", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(saved.Len()))
		for b.Loop() {
			if err := SaveView(io.Discard, v); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("load", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(saved.Len()))
		for b.Loop() {
			if _, err := LoadView(bytes.NewReader(saved.Bytes())); err != nil {
				b.Fatal(err)
			}
		}
	})
}
