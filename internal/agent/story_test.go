package agent

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"praetor/internal/server"
)

func TestStoryNamesNodesAndToldOnceIsEnough(t *testing.T) {
	const id = "299601fb-14f8-4709-9f4b-0662d953c8a6"
	var out bytes.Buffer
	s := newStory(slog.New(slog.NewTextHandler(&out, nil)), func(string) string { return "n1" })
	for _, what := range []string{
		"raft: votes for " + id,
		"raft: asks for pre-votes for term 2",
		"raft: asks for pre-votes for term 3",
		"swim: n2 is suspected",
		"raft: asks for pre-votes for term 4",
		"raft: follows " + id,
		"raft: asks for pre-votes for term 5",
	} {
		s.tell(server.TraceEvent{What: what})
	}
	var told []string
	for line := range strings.Lines(out.String()) {
		_, msg, _ := strings.Cut(line, "msg=")
		told = append(told, strings.Trim(msg, "\"\n"))
	}
	want := "raft: votes for n1|raft: asks for pre-votes for term 2|raft: follows n1|raft: asks for pre-votes for term 5"
	if got := strings.Join(told, "|"); got != want {
		t.Errorf("told %s\nwant %s", got, want)
	}
}
