package local

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// fileVersion is that of the format in which definitions are kept on disk.
const fileVersion = 1

// stored is what a file in the data directory holds: exactly one of the two.
type stored struct {
	Version int
	Service *Service `json:",omitempty"`
	Check   *Check   `json:",omitempty"`
}

// MaxStored is the size in bytes of the largest file that DecodeService and
// DecodeCheck take.
const MaxStored = 1 << 20

// EncodeService returns a service's definition as JSON, to be kept on disk.
func EncodeService(d Service) ([]byte, error) { return encode(stored{Service: &d}) }

// EncodeCheck returns a check's definition as JSON, to be kept on disk.
func EncodeCheck(d Check) ([]byte, error) { return encode(stored{Check: &d}) }

func encode(v stored) ([]byte, error) {
	v.Version = fileVersion
	b, err := json.MarshalIndent(v, "", "\t")
	if err == nil && len(b) > MaxStored {
		err = fmt.Errorf("definition takes %d bytes, at most %d", len(b), MaxStored)
	}
	return b, err
}

// DecodeService reads what EncodeService wrote. The error tells what is wrong
// with the bytes or with the definition; the caller adds the file's name.
func DecodeService(b []byte) (Service, error) {
	v, err := decode(b)
	if err != nil {
		return Service{}, err
	}
	if v.Service == nil {
		return Service{}, fmt.Errorf("file holds no service")
	}
	d, _, err := v.Service.Normalized()
	return d, err
}

// DecodeCheck reads what EncodeCheck wrote, in the same way.
func DecodeCheck(b []byte) (Check, error) {
	v, err := decode(b)
	if err != nil {
		return Check{}, err
	}
	if v.Check == nil {
		return Check{}, fmt.Errorf("file holds no check")
	}
	d, _, err := v.Check.Normalized()
	return d, err
}

func decode(b []byte) (stored, error) {
	var v stored
	if len(b) > MaxStored {
		return v, fmt.Errorf("file has %d bytes, at most %d", len(b), MaxStored)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		return v, fmt.Errorf("file is damaged: %w", err)
	}
	if v.Version != fileVersion {
		return v, fmt.Errorf("file has format version %d, this program reads %d", v.Version, fileVersion)
	}
	return v, nil
}
