package api

import (
	"encoding/base64"
	"strconv"
	"unicode/utf8"

	"praetor/kv"
)

// entries is the answer to a read of keys. It writes its own JSON: reads of
// keys are the most frequent requests of all, and reflection costs more than
// the lookup.
type entries []*kv.Entry

// appendJSON appends the entries in the form of Consul's KV API:
//
//	[{"LockIndex":0,"Key":"a","Flags":0,"Value":"eA==","CreateIndex":7,"ModifyIndex":9}]
func (es entries) appendJSON(b []byte) []byte {
	size := 2
	for _, e := range es {
		size += 160 + len(e.Key) + base64.StdEncoding.EncodedLen(len(e.Value))
	}
	if cap(b)-len(b) < size {
		b = append(make([]byte, 0, len(b)+size), b...)
	}
	b = append(b, '[')
	for i, e := range es {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendEntry(b, e)
	}
	return append(b, ']')
}

// appendEntry appends one entry. An empty value is null, as in Consul.
func appendEntry(b []byte, e *kv.Entry) []byte {
	b = strconv.AppendUint(append(b, `{"LockIndex":`...), e.LockIndex, 10)
	b = appendString(append(b, `,"Key":`...), e.Key)
	b = strconv.AppendUint(append(b, `,"Flags":`...), e.Flags, 10)
	b = append(b, `,"Value":`...)
	if len(e.Value) == 0 {
		b = append(b, `null`...)
	} else {
		b = append(b, '"')
		b = base64.StdEncoding.AppendEncode(b, e.Value)
		b = append(b, '"')
	}
	if e.Session != "" {
		b = appendString(append(b, `,"Session":`...), e.Session)
	}
	b = strconv.AppendUint(append(b, `,"CreateIndex":`...), e.CreateIndex, 10)
	b = strconv.AppendUint(append(b, `,"ModifyIndex":`...), e.ModifyIndex, 10)
	return append(b, '}')
}

// keyNames is the answer to ?keys.
type keyNames []string

func (ks keyNames) appendJSON(b []byte) []byte {
	b = append(b, '[')
	for i, k := range ks {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, k)
	}
	return append(b, ']')
}

// appendString appends s as a JSON string. Bytes that are not UTF-8 become
// U+FFFD, and <, > and & are escaped, both as encoding/json does.
func appendString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && n == 1 {
				b = append(append(b, s[from:i]...), `\ufffd`...)
				from = i + 1
			} else if r == '\u2028' || r == '\u2029' { // line ends in JavaScript
				b = append(append(b, s[from:i]...), `\u202`...)
				b = append(b, hex[r&0xf])
				from = i + n
			}
			i += n
			continue
		}
		i++
		if c >= ' ' && c != '"' && c != '\\' && c != '<' && c != '>' && c != '&' {
			continue
		}
		b = append(b, s[from:i-1]...)
		from = i
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\b':
			b = append(b, '\\', 'b')
		case '\f':
			b = append(b, '\\', 'f')
		case '\n':
			b = append(b, '\\', 'n')
		case '\r':
			b = append(b, '\\', 'r')
		case '\t':
			b = append(b, '\\', 't')
		default:
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&0xf])
		}
	}
	return append(append(b, s[from:]...), '"')
}
