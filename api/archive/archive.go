package archive

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"
)

// Meta says what a snapshot is. The JSON is Consul's.
type Meta struct {
	Version            int // of this form: 1
	ID                 string
	Index              uint64 // of the last log entry in the state
	Term               uint64 // of that entry
	Configuration      Configuration
	ConfigurationIndex uint64
	Size               int64 // bytes of state.bin
}

// Configuration is who the servers were. It is there to be looked at: a restore
// leaves the servers as they are.
type Configuration struct{ Servers []Server }

// Server is one of a Configuration.
type Server struct {
	Suffrage int // 0: it votes; 1: it does not
	ID       string
	Address  string
}

// version is the Version of the archives that this package writes and reads.
const version = 1

// The names in the archive, in their order.
const (
	metaName  = "meta.json"
	stateName = "state.bin"
	sumsName  = "SHA256SUMS"
)

// The bounds of the small files, in bytes.
const (
	maxMeta = 1 << 20
	maxSums = 4096
)

// Write writes an archive of the state that save writes. It calls save twice,
// which must write the same. Version and Size of meta are filled in.
func Write(w io.Writer, meta Meta, save func(io.Writer) error) error {
	measure := &summed{hash: sha256.New()}
	if err := save(measure); err != nil {
		return err
	}
	meta.Version, meta.Size = version, measure.n
	head, err := json.Marshal(meta)
	if err != nil {
		return fmt.Errorf("archive: encode %s: %w", metaName, err)
	}
	zip := gzip.NewWriter(w)
	files := tar.NewWriter(zip)
	put := func(name string, size int64, write func(io.Writer) error) {
		if err == nil {
			err = files.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: size})
		}
		if err == nil {
			err = write(files)
		}
	}
	all := func(b []byte) func(io.Writer) error {
		return func(w io.Writer) error { _, err := w.Write(b); return err }
	}
	headSum := sha256.Sum256(head)
	sums := sumLine(headSum[:], metaName) + sumLine(measure.hash.Sum(nil), stateName)
	put(metaName, int64(len(head)), all(head))
	put(stateName, measure.n, save)
	put(sumsName, int64(len(sums)), all([]byte(sums)))
	if err != nil {
		return fmt.Errorf("archive: write: %w", err)
	}
	if err := errors.Join(files.Close(), zip.Close()); err != nil {
		return fmt.Errorf("archive: write: %w", err)
	}
	return nil
}

// summed counts and sums what is written to it, and keeps nothing.
type summed struct {
	hash hash.Hash
	n    int64
}

// Write implements io.Writer.
func (s *summed) Write(b []byte) (int, error) {
	s.n += int64(len(b))
	return s.hash.Write(b)
}

func sumLine(sum []byte, name string) string { return hex.EncodeToString(sum) + "  " + name + "\n" }

// Read reads an archive and verifies it: all files are there, each with its
// checksum, and nothing else. A state of more than maxState bytes is refused.
func Read(r io.Reader, maxState int64) (meta Meta, state []byte, err error) {
	files, err := readFiles(r, map[string]int64{metaName: maxMeta, stateName: maxState, sumsName: maxSums})
	if err != nil {
		return Meta{}, nil, fmt.Errorf("archive: read: %w", err)
	}
	if err := verify(files); err != nil {
		return Meta{}, nil, fmt.Errorf("archive: verify: %w", err)
	}
	if err := json.Unmarshal(files[metaName], &meta); err != nil {
		return Meta{}, nil, fmt.Errorf("archive: decode %s: %w", metaName, err)
	}
	state = files[stateName]
	switch {
	case meta.Version != version:
		return Meta{}, nil, fmt.Errorf("archive: it is of version %d, this program knows %d", meta.Version, version)
	case meta.Size != int64(len(state)):
		return Meta{}, nil, fmt.Errorf("archive: %s has %d bytes, %s says %d", stateName, len(state), metaName, meta.Size)
	}
	return meta, state, nil
}

// readFiles reads the named files, each with its bound, and no others.
func readFiles(r io.Reader, bounds map[string]int64) (map[string][]byte, error) {
	zip, err := gzip.NewReader(r)
	if err != nil {
		return nil, fmt.Errorf("it is no snapshot: %w", err)
	}
	files, src := map[string][]byte{}, tar.NewReader(zip)
	for {
		h, err := src.Next()
		if err == io.EOF {
			break
		} else if err != nil {
			return nil, err
		}
		bound, wanted := bounds[h.Name]
		switch _, twice := files[h.Name]; {
		case !wanted || h.Typeflag != tar.TypeReg:
			return nil, fmt.Errorf("%q does not belong into a snapshot", h.Name)
		case twice:
			return nil, fmt.Errorf("%q is in it twice", h.Name)
		case h.Size > bound:
			return nil, fmt.Errorf("%q has %d bytes, at most %d are taken", h.Name, h.Size, bound)
		}
		// Not h.Size at once: a header is cheap to forge.
		var b bytes.Buffer
		if _, err := io.Copy(&b, src); err != nil {
			return nil, fmt.Errorf("%s: %w", h.Name, err)
		}
		files[h.Name] = b.Bytes()
	}
	// The end of the tar is not the end of the file: the rest holds gzip's own
	// checksum, and shows a file that was cut.
	if _, err := io.Copy(io.Discard, io.LimitReader(zip, maxMeta)); err != nil {
		return nil, err
	}
	for _, name := range []string{metaName, stateName, sumsName} {
		if _, ok := files[name]; !ok {
			return nil, fmt.Errorf("%s is missing", name)
		}
	}
	return files, nil
}

// verify compares the checksums.
func verify(files map[string][]byte) error {
	left := map[string]bool{metaName: true, stateName: true}
	for line := range strings.Lines(string(files[sumsName])) {
		_, name, ok := strings.Cut(strings.TrimSpace(line), "  ")
		if !ok || !left[name] {
			return fmt.Errorf("%s has the line %.100q", sumsName, line)
		}
		if sum := sha256.Sum256(files[name]); sumLine(sum[:], name) != line {
			return fmt.Errorf("%s is damaged: its checksum is %x, %s says %s", name, sum, sumsName, strings.TrimSpace(line))
		}
		delete(left, name)
	}
	for _, name := range []string{metaName, stateName} {
		if left[name] {
			return fmt.Errorf("%s has no line for %s", sumsName, name)
		}
	}
	return nil
}
