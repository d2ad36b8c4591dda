package main

import (
	"fmt"

	"praetor/internal/agent/config"
)

// didYouMean returns a sentence that names the nearest of names to a word that
// is none of them, or "" if none is near.
func didYouMean(word string, names []string) string {
	best := config.Nearest(word, names, nil)
	if best == "" {
		return ""
	}
	return fmt.Sprintf(" Did you mean %q?", best)
}
