package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// The bounds of one file.
const (
	maxFile  = 8 << 20 // bytes
	maxDepth = 32      // objects and lists inside each other
)

// kind is what a JSON value is.
type kind uint8

const (
	isNull kind = iota
	isBool
	isNumber
	isString
	isList
	isObject
)

// String names the kind with its article.
func (k kind) String() string {
	return [...]string{"null", "a boolean", "a number", "a string", "a list", "an object"}[k]
}

// value is a JSON value that remembers where it stands.
type value struct {
	kind    kind
	at      int      // offset of its first byte
	text    string   // a string's text, a number's digits
	yes     bool     // a boolean
	items   []*value // of a list
	members []member // of an object, in their order in the file
}

type member struct {
	key   string
	at    int // offset of the key
	value *value
}

// String describes the value in an error message.
func (v *value) String() string {
	switch v.kind {
	case isBool:
		return fmt.Sprint(v.yes)
	case isNumber:
		return "the number " + v.text
	case isString:
		return fmt.Sprintf("the string %.60q", v.text)
	}
	return v.kind.String()
}

// source is a file with its name, to point at places in it.
type source struct {
	name string
	text []byte
}

// Error is a problem at a place of a file.
type Error struct {
	File    string
	Line    int
	Column  int    // in characters, from 1
	Path    string // of keys, such as "service.check.interval", or ""
	Problem string
	Excerpt string // the line, and below it a caret at the column
}

// Error returns the place and the problem in one line, and the excerpt below.
func (e *Error) Error() string {
	path := ""
	if e.Path != "" {
		path = e.Path + ": "
	}
	return fmt.Sprintf("%s:%d:%d: %s%s\n%s", e.File, e.Line, e.Column, path, e.Problem, e.Excerpt)
}

// at makes the error for a problem at an offset.
func (s source) at(offset int, path, problem string) *Error {
	offset = min(max(offset, 0), len(s.text))
	before := s.text[:offset]
	start := bytes.LastIndexByte(before, '\n') + 1
	line := s.text[start:]
	if end := bytes.IndexByte(line, '\n'); end >= 0 {
		line = line[:end]
	}
	return &Error{
		File:    s.name,
		Line:    bytes.Count(before, []byte("\n")) + 1,
		Column:  utf8.RuneCount(s.text[start:offset]) + 1,
		Path:    path,
		Problem: problem,
		Excerpt: excerpt(string(line), offset-start),
	}
}

// excerpt returns the line and a caret below its byte i, cut to what a
// terminal shows. Tabs become spaces, so that the caret stands right.
func excerpt(line string, i int) string {
	const before, after = 60, 60
	line = strings.TrimSuffix(line, "\r")
	i = min(i, len(line))
	left, right := line[:i], line[i:]
	if len(left) > before {
		left = "..." + strings.ToValidUTF8(left[len(left)-before:], "")
	}
	if len(right) > after {
		right = strings.ToValidUTF8(right[:after], "") + "..."
	}
	left = strings.TrimLeft(strings.ReplaceAll(left, "\t", " "), " ")
	return "    " + left + right + "\n    " + strings.Repeat(" ", utf8.RuneCountInString(left)) + "^"
}

// parse reads a whole file. The standard library decides what is JSON; the
// walk over its tokens only adds where everything stands.
func (s source) parse() (*value, error) {
	if len(s.text) > maxFile {
		return nil, fmt.Errorf("%s: file has more than %d bytes", s.name, maxFile)
	}
	var raw json.RawMessage
	if err := json.Unmarshal(s.text, &raw); err != nil {
		return nil, s.syntax(err)
	}
	w := walker{source: s, dec: json.NewDecoder(bytes.NewReader(s.text))}
	w.dec.UseNumber()
	v, err := w.value(0)
	if err != nil {
		return nil, err
	}
	return v, nil
}

// syntax turns the library's error into one that points at the place.
func (s source) syntax(err error) error {
	var se *json.SyntaxError
	if !errors.As(err, &se) {
		return fmt.Errorf("%s: %w", s.name, err)
	}
	at := int(se.Offset) - 1
	if strings.HasPrefix(se.Error(), "unexpected end") {
		at = len(bytes.TrimRight(s.text, " \t\r\n"))
	}
	problem := "not JSON: " + se.Error()
	if at >= 0 && at < len(s.text) {
		problem += hint(s.text[at], se.Error())
	}
	return s.at(at, "", problem)
}

// hint guesses what a person meant who wrote c where JSON does not take it.
func hint(c byte, message string) string {
	switch {
	case c == '/' || c == '#':
		return " (JSON has no comments)"
	case c == '\'':
		return " (strings stand in double quotes)"
	case (c == '}' || c == ']') && strings.Contains(message, "looking for beginning"):
		return " (is there a comma too many before it?)"
	case strings.Contains(message, "after object key:value pair") || strings.Contains(message, "after array element"):
		return " (is a comma missing before it?)"
	case strings.Contains(message, "looking for beginning of object key"):
		return " (keys stand in double quotes)"
	}
	return ""
}

// walker builds values out of the tokens of a text that is known to be JSON.
type walker struct {
	source
	dec *json.Decoder
}

// next returns the next token and the offset of its first byte.
func (w *walker) next() (json.Token, int, error) {
	at := int(w.dec.InputOffset())
	for at < len(w.text) && strings.IndexByte(" \t\r\n,:", w.text[at]) >= 0 {
		at++
	}
	t, err := w.dec.Token()
	if err != nil {
		return nil, at, w.at(at, "", "not JSON: "+err.Error())
	}
	return t, at, nil
}

func (w *walker) value(depth int) (*value, error) {
	t, at, err := w.next()
	if err != nil {
		return nil, err
	}
	if depth > maxDepth {
		return nil, w.at(at, "", fmt.Sprintf("more than %d objects and lists inside each other", maxDepth))
	}
	v := &value{at: at}
	switch t := t.(type) {
	case bool:
		v.kind, v.yes = isBool, t
	case json.Number:
		v.kind, v.text = isNumber, t.String()
	case string:
		v.kind, v.text = isString, t
	case json.Delim:
		if t == '[' {
			return v, w.list(v, depth)
		}
		return v, w.object(v, depth)
	}
	return v, nil
}

func (w *walker) list(v *value, depth int) error {
	v.kind = isList
	for w.dec.More() {
		item, err := w.value(depth + 1)
		if err != nil {
			return err
		}
		v.items = append(v.items, item)
	}
	_, _, err := w.next()
	return err
}

func (w *walker) object(v *value, depth int) error {
	v.kind = isObject
	for w.dec.More() {
		key, at, err := w.next()
		if err != nil {
			return err
		}
		val, err := w.value(depth + 1)
		if err != nil {
			return err
		}
		name, _ := key.(string)
		v.members = append(v.members, member{name, at, val})
	}
	_, _, err := w.next()
	return err
}
