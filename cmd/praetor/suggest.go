package main

import "fmt"

// didYouMean returns a sentence that names the nearest of names to a word that
// is none of them, or "" if none is near.
func didYouMean(word string, names []string) string {
	best, least := "", max(len(word)/2, 2)+1 // half of the letters may be wrong
	for _, n := range names {
		if d := distance(word, n); d < least {
			best, least = n, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(" Did you mean %q?", best)
}

// distance is how many bytes must be added, removed or changed to make a into b
// (Levenshtein 1965), by dynamic programming over one row.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
