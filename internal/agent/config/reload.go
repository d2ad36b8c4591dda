package config

import (
	"fmt"
	"reflect"
	"strings"
)

// Reload returns the configuration that a running agent goes on with when next
// has been read anew: the definitions, the log level and the node's metadata
// are taken over. Everything else needs a restart; one warning names each such
// setting that differs.
func Reload(running, next *Config) (*Config, []string) {
	c := *running
	c.Definitions = next.Definitions
	c.Log.Level = next.Log.Level
	c.Node.Meta = next.Node.Meta

	var warnings []string
	differences("", reflect.ValueOf(c), reflect.ValueOf(*next), func(key string, was, is any) {
		warnings = append(warnings, fmt.Sprintf("%s is %v in the files now and %v in the running agent: this needs a restart", key, is, was))
	})
	return &c, warnings
}

// differences calls report for each setting in which two values of the same
// type differ, in the order of the fields. A setting is a field with a key;
// the others are groups of settings, and a key that ends in a dot is what those
// of its group begin with.
func differences(key string, a, b reflect.Value, report func(key string, a, b any)) {
	if key != "" && !strings.HasSuffix(key, ".") {
		if !reflect.DeepEqual(a.Interface(), b.Interface()) {
			report(key, a.Interface(), b.Interface())
		}
		return
	}
	for i := range a.NumField() {
		differences(key+a.Type().Field(i).Tag.Get("key"), a.Field(i), b.Field(i), report)
	}
}
