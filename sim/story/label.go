package story

import (
	"fmt"
	"strings"
)

// textWidth estimates how wide a label is, in pixels.
func textWidth(s string) float64 { return 5.6 * float64(len([]rune(s))) }

// messageLabel returns what a message says in a word or two, or "" for those
// that need no label.
func messageLabel(e *Event) string {
	a := &e.About
	if a.Topic == "forward" {
		word, _, _ := strings.Cut(e.Text, " ")
		return word
	}
	if a.Topic != "raft" {
		return ""
	}
	_, text, _ := strings.Cut(e.Text, " term ")
	_, text, _ = strings.Cut(text, " ")
	word, rest, _ := strings.Cut(text, " ")
	switch {
	case word == "append" && a.First > 0:
		return "append " + span(a.First, a.Last)
	case word == "append":
		_, commit, _ := strings.Cut(text, "commit ")
		return "commit " + commit
	case strings.HasSuffix(word, "vote"):
		return rest // yes or no
	case word == "match", word == "no":
		n, _, _ := strings.Cut(rest, ",")
		return word + " " + n
	case word == "read":
		return text
	}
	return word
}

// span returns "5" or "5-7".
func span(first, last uint64) string {
	if first >= last {
		return fmt.Sprint(last)
	}
	return fmt.Sprintf("%d-%d", first, last)
}

// barLabel returns what a client asked and was told.
func barLabel(b bar) string {
	ask, _, _ := strings.Cut(b.ask.Text, " via ")
	ask = brieflyTo(ask, 24)
	switch {
	case b.answer == nil:
		return ask + ": no answer"
	case b.answer.About.Failed:
		_, outcome, _ := strings.Cut(b.answer.Text, ": ")
		outcome, _, _ = strings.Cut(outcome, ":")
		return ask + ": " + outcome
	case strings.HasPrefix(ask, "get"):
		_, got, _ := strings.Cut(b.answer.Text, ": ")
		got, _, _ = strings.Cut(got, " at index")
		return ask + ": " + brieflyTo(got, 20)
	}
	return fmt.Sprintf("%s: ok at %d", ask, b.answer.About.Last)
}

// brieflyTo cuts a text to so many signs.
func brieflyTo(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}

// momentLabel returns the word for a moment that stands above the line.
func momentLabel(r *Record, e *Event) string {
	switch e.Kind {
	case Stand:
		return "stands"
	case Vote:
		return "votes " + strings.TrimPrefix(strings.Split(e.Text, " in term")[0], "votes for ")
	case Lead:
		return fmt.Sprintf("leads term %d", e.About.Term)
	case Yield:
		return "yields"
	case Truncate:
		return fmt.Sprintf("truncates from %d", e.About.First)
	case Snapshot:
		return fmt.Sprintf("snapshot %d", e.About.Last)
	case Crash:
		return "crash"
	case Stop:
		return "stops"
	case Start:
		return "start"
	}
	return ""
}
