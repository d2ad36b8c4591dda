package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"
)

// maxJSON bounds the body of a request that is JSON, in bytes.
const maxJSON = 1 << 20

// decode reads the request's body into v, one of the types below that decode
// themselves with decodeFields.
func (c *call) decode(v json.Unmarshaler) error {
	b, err := c.body(maxJSON)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, v); err != nil {
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			return Invalidf("Request decode failed at byte %d: %v", syntax.Offset, err)
		}
		return Invalidf("Request decode failed: %v", err)
	}
	return nil
}

// fields says where the value of each field of a JSON object goes: a pointer
// for each name in lower case and without underscores.
type fields map[string]any

// decodeFields decodes a JSON object. It takes every spelling that Consul
// takes, ServiceID, serviceId and service_id, and ignores fields that are not
// in f, as Consul does. When a field is there twice, the last one counts.
func decodeFields(b []byte, f fields) error {
	dec := json.NewDecoder(bytes.NewReader(b))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return fmt.Errorf("expected an object, got %.20s", b)
	}
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return err
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return err
		}
		target, ok := f[fold(name.(string))] // the tokenizer gives strings for names
		if !ok {
			continue
		}
		if err := json.Unmarshal(value, target); err != nil {
			return inField(name.(string), err)
		}
	}
	return nil
}

// fold brings the spellings of a field's name together.
func fold(name string) string {
	return strings.ToLower(strings.ReplaceAll(name, "_", ""))
}

// fieldError says which field of a JSON object is wrong.
type fieldError struct {
	path   string // such as "Check.Interval"
	reason string
}

func (e *fieldError) Error() string { return e.path + ": " + e.reason }

// inField puts a field's name in front of an error.
func inField(name string, err error) error {
	var inner *fieldError
	var wrong *json.UnmarshalTypeError
	switch {
	case errors.As(err, &inner):
		return &fieldError{name + "." + inner.path, inner.reason}
	case errors.As(err, &wrong):
		if wrong.Field != "" {
			name += "." + wrong.Field
		}
		return &fieldError{name, "expected " + jsonName(wrong.Type) + ", got " + wrong.Value}
	}
	return &fieldError{name, err.Error()}
}

// jsonName is what a type is called in JSON.
func jsonName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64, reflect.Uint64:
		return "a whole number"
	case reflect.Slice:
		return "a list"
	}
	return "an object"
}

// Duration is a time.Duration whose JSON is a string such as "10s". A number is
// taken too, in nanoseconds.
type Duration time.Duration

func (d Duration) String() string { return time.Duration(d).String() }

// MarshalJSON writes the duration as a string.
func (d Duration) MarshalJSON() ([]byte, error) { return json.Marshal(d.String()) }

// UnmarshalJSON reads a duration from a string or from a number.
func (d *Duration) UnmarshalJSON(b []byte) error {
	var s string
	var n int64
	switch {
	case json.Unmarshal(b, &n) == nil:
		*d = Duration(n)
		return nil
	case json.Unmarshal(b, &s) == nil && s == "":
		return nil
	}
	parsed, err := time.ParseDuration(s)
	if err != nil {
		return fmt.Errorf(`expected a duration such as "10s", got %.40s`, b)
	}
	*d = Duration(parsed)
	return nil
}

// unsupported stands for a field of a feature that is not here. Nothing is
// lost when it is empty; otherwise the client must know.
type unsupported struct{}

// UnmarshalJSON accepts only the values that mean nothing.
func (*unsupported) UnmarshalJSON(b []byte) error {
	switch string(b) {
	case `null`, `""`, `{}`, `[]`, `false`, `"default"`:
		return nil
	}
	return errors.New("is not supported by this version")
}
