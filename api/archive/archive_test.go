package archive

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var sample = Meta{ID: "7-2", Index: 7, Term: 2, Configuration: Configuration{[]Server{{0, "a", "10.0.0.1:8300"}}}, ConfigurationIndex: 1}

func save(w io.Writer) error { _, err := io.WriteString(w, "the state"); return err }

func written(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, sample, save); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	meta, state, err := Read(bytes.NewReader(written(t)), 100)
	want := sample
	want.Version, want.Size = 1, 9
	if d := cmp.Diff(want, meta); d != "" || string(state) != "the state" || err != nil {
		t.Errorf("%s, %q, %v", d, state, err)
	}
}

func TestDamageIsFound(t *testing.T) {
	whole := written(t)
	for n := range whole {
		if _, _, err := Read(bytes.NewReader(whole[:n]), 100); err == nil {
			t.Errorf("the first %d of %d bytes pass", n, len(whole))
		}
	}
	// Within the gzip, whose checksum would otherwise find it first.
	zip, _ := gzip.NewReader(bytes.NewReader(whole))
	plain, _ := io.ReadAll(zip)
	for _, piece := range []string{"the state", `"Index":7`, "10.0.0.1"} {
		b := bytes.Clone(plain)
		at := bytes.Index(b, []byte(piece))
		b[at+len(piece)-1] ^= 1
		if _, _, err := Read(bytes.NewReader(zipped(b)), 100); err == nil || !strings.Contains(err.Error(), "is damaged") {
			t.Errorf("%s changed: %v", piece, err)
		}
	}
}

func zipped(b []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	w.Write(b)
	w.Close()
	return out.Bytes()
}

// packed makes an archive of any files.
func packed(files ...string) []byte {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for i := 0; i < len(files); i += 2 {
		w.WriteHeader(&tar.Header{Name: files[i], Size: int64(len(files[i+1])), Mode: 0o600})
		io.WriteString(w, files[i+1])
	}
	w.Close()
	return zipped(out.Bytes())
}

func TestWhatIsNoSnapshotIsRefused(t *testing.T) {
	for name, test := range map[string]struct {
		b    []byte
		says string
	}{
		"text":            {[]byte("hello"), "no snapshot"},
		"nothing":         {nil, "no snapshot"},
		"an empty tar":    {packed(), "meta.json is missing"},
		"another tar":     {packed("../etc/passwd", "x"), "does not belong"},
		"one file twice":  {packed("meta.json", "{}", "meta.json", "{}"), "twice"},
		"no sums":         {packed("meta.json", "{}", "state.bin", "x", "SHA256SUMS", ""), "no line for meta.json"},
		"a sum of others": {packed("meta.json", "{}", "state.bin", "x", "SHA256SUMS", "00  passwd\n"), "has the line"},
		"a large state":   {packed("meta.json", "{}", "state.bin", strings.Repeat("x", 101)), "at most 100"},
	} {
		if _, _, err := Read(bytes.NewReader(test.b), 100); err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v, want %q", name, err, test.says)
		}
	}
}

func TestErrorsOfTheStateAreReported(t *testing.T) {
	broken := errors.New("broken")
	if err := Write(io.Discard, sample, func(io.Writer) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	calls := 0 // it writes another state the second time
	if err := Write(io.Discard, sample, func(w io.Writer) error { calls++; _, err := w.Write(make([]byte, calls)); return err }); err == nil {
		t.Error("a state that grows passes")
	}
}

func FuzzRead(f *testing.F) {
	f.Add(written(f))
	f.Add(packed("meta.json", "{}", "state.bin", "x", "SHA256SUMS", ""))
	f.Fuzz(func(t *testing.T, b []byte) { Read(bytes.NewReader(b), 1000) })
}
